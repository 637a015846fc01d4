if(TARGET spawn_plugin_activator_pubsub)
  activator_test(pubsub SERVER pubsub,pubsub_tls
                 SOURCES pubsub_driver.cpp pubsub_checks.cpp pubsub_tls_checks.cpp
                 TIMEOUT 900
                 LIBS pubsub_proto nlohmann_json::nlohmann_json OpenSSL::Crypto)
endif()
