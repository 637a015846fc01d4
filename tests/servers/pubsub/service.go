package main

import (
	"context"
	"io"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/pstest"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// What the next calls of a method end with.
type failure struct {
	times  int
	code   codes.Code
	reason string // of each ack id, as a subscription with exactly-once delivery says it
}

// pstest, with the calls that need more in front of it.
type service struct {
	*pstest.GServer
	fake *pstest.Server

	mutex         sync.Mutex
	failures      map[string]*failure
	streams       map[*stream]bool
	authorization string         // of the last call
	calls         map[string]int // by method
}

// The error the call has to end with, if any; with what is known of the caller.
func (s *service) entered(ctx context.Context, method string, ackIDs []string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if from, ok := metadata.FromIncomingContext(ctx); ok {
		if said := from.Get("authorization"); len(said) > 0 {
			s.authorization = said[0]
		}
	}
	if s.calls == nil {
		s.calls = map[string]int{}
	}
	s.calls[method]++
	chosen := s.failures[method]
	if chosen == nil || chosen.times == 0 {
		return nil
	}
	chosen.times--
	out := status.New(chosen.code, "chosen by the test")
	if chosen.reason != "" {
		reasons := map[string]string{}
		for _, id := range ackIDs {
			reasons[id] = chosen.reason
		}
		detailed, err := out.WithDetails(&errdetails.ErrorInfo{Reason: "CHOSEN",
			Domain: "pubsub.googleapis.com", Metadata: reasons})
		if err != nil {
			return err
		}
		out = detailed
	}
	return out.Err()
}

func (s *service) Publish(ctx context.Context, r *pb.PublishRequest) (*pb.PublishResponse, error) {
	if err := s.entered(ctx, "Publish", nil); err != nil {
		return nil, err
	}
	for _, one := range r.Messages {
		if one.OrderingKey != r.Messages[0].OrderingKey {
			return nil, status.Error(codes.InvalidArgument, "ordering keys differ in one request")
		}
		if _, poison := one.Attributes["test-refuse"]; poison {
			return nil, status.Error(codes.InvalidArgument, "a message that nobody takes")
		}
	}
	return s.GServer.Publish(ctx, r)
}

func (s *service) Acknowledge(ctx context.Context, r *pb.AcknowledgeRequest) (*emptypb.Empty, error) {
	if err := s.entered(ctx, "Acknowledge", r.AckIds); err != nil {
		return nil, err
	}
	out, err := s.GServer.Acknowledge(ctx, r)
	s.settled(r.AckIds)
	return out, err
}

func (s *service) ModifyAckDeadline(ctx context.Context, r *pb.ModifyAckDeadlineRequest) (*emptypb.Empty, error) {
	if err := s.entered(ctx, "ModifyAckDeadline", r.AckIds); err != nil {
		return nil, err
	}
	known := r.AckIds[:0] // pstest ends at an id it does not know
	for _, id := range r.AckIds {
		if s.fake.Message(id) != nil {
			known = append(known, id)
		}
	}
	r.AckIds = known
	out, err := s.GServer.ModifyAckDeadline(ctx, r)
	if r.AckDeadlineSeconds == 0 {
		s.settled(known)
	}
	return out, err
}

func (s *service) settled(ids []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for one := range s.streams {
		for _, id := range ids {
			delete(one.outstanding, id)
		}
	}
}

// One StreamingPull, which holds back what the client has no room for.
type stream struct {
	pb.Subscriber_StreamingPullServer
	owner        *service
	subscription string
	room         int64 // 0: any number
	deadline     int32
	outstanding  map[string]bool
	over         bool // the client has said its last word, or is gone
}

func (s *service) StreamingPull(raw pb.Subscriber_StreamingPullServer) error {
	if err := s.entered(raw.Context(), "StreamingPull", nil); err != nil {
		return err
	}
	one := &stream{Subscriber_StreamingPullServer: raw, owner: s, outstanding: map[string]bool{}}
	s.mutex.Lock()
	s.streams[one] = true
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		delete(s.streams, one)
		s.mutex.Unlock()
	}()
	return s.GServer.StreamingPull(one)
}

func (s *stream) Recv() (*pb.StreamingPullRequest, error) {
	got, err := s.Subscriber_StreamingPullServer.Recv()
	s.owner.mutex.Lock()
	defer s.owner.mutex.Unlock()
	if err != nil {
		s.over = true
		return nil, err
	}
	if got.Subscription != "" {
		s.subscription, s.room = got.Subscription, got.MaxOutstandingMessages
		s.deadline = got.StreamAckDeadlineSeconds
	}
	return got, nil
}

func (s *stream) Send(out *pb.StreamingPullResponse) error {
	for !s.hasRoom() {
		time.Sleep(5 * time.Millisecond)
	}
	s.owner.mutex.Lock()
	if s.over { // it stays here, for the next stream
		s.owner.mutex.Unlock()
		return s.giveBack(out)
	}
	for _, one := range out.ReceivedMessages {
		s.outstanding[one.AckId] = true
	}
	s.owner.mutex.Unlock()
	return s.Subscriber_StreamingPullServer.Send(out)
}

func (s *stream) giveBack(out *pb.StreamingPullResponse) error {
	request := &pb.ModifyAckDeadlineRequest{Subscription: s.subscription}
	for _, one := range out.ReceivedMessages {
		request.AckIds = append(request.AckIds, one.AckId)
	}
	if _, err := s.owner.GServer.ModifyAckDeadline(context.Background(), request); err != nil {
		return err
	}
	return io.EOF
}

func (s *stream) hasRoom() bool {
	s.owner.mutex.Lock()
	defer s.owner.mutex.Unlock()
	return s.over || s.room <= 0 || int64(len(s.outstanding)) < s.room
}
