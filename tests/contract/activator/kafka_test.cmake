activator_test(kafka SERVER kafka SOURCES kafka_broker.cpp kafka_checks.cpp kafka_cluster.cpp
               LIBS PkgConfig::rdkafka nlohmann_json::nlohmann_json TIMEOUT 1500)
