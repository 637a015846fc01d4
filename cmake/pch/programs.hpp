// What command line programs include nearly everywhere (cmake/PrecompiledHeaders.cmake).
#pragma once
#include "plugins.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
