// What tests include nearly everywhere (cmake/PrecompiledHeaders.cmake).
#pragma once
#include "plugins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
