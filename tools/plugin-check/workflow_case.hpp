// One case of the workflow suite over the plugin under test.
#pragma once
#include "contract/workflow/suite.hpp"
#include "subject.hpp"
#include "test.hpp"

namespace spawn::check {

void run_workflow_case(subject& s, const spawn::contract::suite_case& one);

}  // namespace spawn::check
