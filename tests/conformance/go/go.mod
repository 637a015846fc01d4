module conformance

go 1.23

require (
	github.com/eigr/spawn-go-sdk/spawn v0.1.0
	google.golang.org/protobuf v1.35.2
)
