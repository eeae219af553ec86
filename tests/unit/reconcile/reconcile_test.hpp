#pragma once

// What every test of this layer begins with. For the .cpp files of this folder only.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "runtime/worker.hpp"
#include "unit/support/builders.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using api::AuditAction;
using api::Phase;
using Kind = runtime::Outcome::Kind;
