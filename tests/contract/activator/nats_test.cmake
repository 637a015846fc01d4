activator_test(nats SERVER nats SOURCES nats_driver.cpp LIBS PkgConfig::nats)
