activator_test(cron SOURCES cron_checks.cpp)
