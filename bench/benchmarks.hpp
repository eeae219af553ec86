#pragma once

#include "arena.hpp"
#include "figures.hpp"

// Each needs an arena without a running controller and leaves it so. docs/benchmarks.md describes what they
// measure.
namespace curfew::bench {

void grant_latency(Arena& arena, Results& results, int runs);
void grant_burst(Arena& arena, Results& results, int runs);
void end_together(Arena& arena, Results& results, int runs);
void calls(Arena& arena, Results& results, int runs);
void cost(Arena& arena, Results& results, int runs);
void idle_memory(Arena& arena, Results& results, int runs);
void admission(Arena& arena, Results& results, int runs);
// These leave their objects in the API server.
void pending(Arena& arena, Results& results, int runs);
void stored(Arena& arena, Results& results, int runs);

}  // namespace curfew::bench
