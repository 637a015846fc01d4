// A Pub/Sub server for tests: Google's own fake, pstest, with what it leaves out and clients rely
// on. A stream is sent no more than its max_outstanding_messages; acks and deadlines of messages the
// server does not know are taken; the error of the next calls can be chosen. Everything is kept in
// memory and lost at the end.
//
//	pstest -listen 127.0.0.1:8085 -control 127.0.0.1:8086 [-cert server.pem -key server.key]
//
// What the control port answers is in control.go.
package main

import (
	"crypto/tls"
	"flag"
	"log"
	"net"
	"time"

	"cloud.google.com/go/pubsub/pstest"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "host:port of the gRPC services")
	control := flag.String("control", "127.0.0.1:0", "host:port of the control service")
	cert := flag.String("cert", "", "certificate chain; TLS if it is there")
	key := flag.String("key", "", "its private key")
	flag.Parse()

	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(20 << 20),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime: time.Second, PermitWithoutStream: true})}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	}
	// pstest brings a server of its own; only its implementation is used.
	fake := pstest.NewServer()
	served := &service{GServer: &fake.GServer, fake: fake, failures: map[string]*failure{},
		streams: map[*stream]bool{}}
	server := grpc.NewServer(options...)
	pb.RegisterPublisherServer(server, served)
	pb.RegisterSubscriberServer(server, served)

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	go serveControl(*control, served) // once this answers, so do the services
	log.Fatal(server.Serve(listener))
}
