#pragma once

// What every test of the core begins with. For the .cpp files of this folder only.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "builders.hpp"
#include "world.hpp"

using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;
using api::AuditAction;
using api::Phase;
