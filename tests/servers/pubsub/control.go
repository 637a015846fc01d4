package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"log"
	"net/http"
	"strconv"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
)

// The control service, plain HTTP:
//
//	GET /state                                       what is open, and what was asked for, as JSON
//	GET /messages?topic=T                            what was ever published there, as JSON
//	GET /make?topic=T[&subscription=S]               makes them, with their full names
//	GET /publish?topic=T&data=TEXT                   publishes one message there
//	GET /fail?method=M&times=N&code=C[&reason=TEXT]  the next N calls of M end with gRPC status C
//
// The reason goes, as ErrorInfo, with each ack id of the call.
func serveControl(address string, of *service) {
	mux := http.NewServeMux()
	mux.HandleFunc("/state", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, of.state())
	})
	mux.HandleFunc("/messages", func(w http.ResponseWriter, r *http.Request) {
		answer(w, of.messages(r.FormValue("topic")))
	})
	mux.HandleFunc("/make", func(w http.ResponseWriter, r *http.Request) {
		if err := of.make(r.Context(), r.FormValue("topic"), r.FormValue("subscription")); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("/publish", func(w http.ResponseWriter, r *http.Request) {
		_, err := of.Publish(r.Context(), &pb.PublishRequest{Topic: r.FormValue("topic"),
			Messages: []*pb.PubsubMessage{{Data: []byte(r.FormValue("data"))}}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("/fail", func(w http.ResponseWriter, r *http.Request) {
		times, wrong := strconv.Atoi(r.FormValue("times"))
		code, wrongCode := strconv.Atoi(r.FormValue("code"))
		if wrong != nil || wrongCode != nil || r.FormValue("method") == "" {
			http.Error(w, "method, times and code are needed", http.StatusBadRequest)
			return
		}
		of.mutex.Lock()
		of.failures[r.FormValue("method")] = &failure{times: times, code: codes.Code(code),
			reason: r.FormValue("reason")}
		of.mutex.Unlock()
	})
	log.Fatal(http.ListenAndServe(address, mux))
}

func (s *service) make(ctx context.Context, topic, subscription string) error {
	if _, err := s.CreateTopic(ctx, &pb.Topic{Name: topic}); err != nil || subscription == "" {
		return err
	}
	_, err := s.CreateSubscription(ctx, &pb.Subscription{Name: subscription, Topic: topic,
		AckDeadlineSeconds: 60})
	return err
}

func answer(w http.ResponseWriter, what any) {
	if err := json.NewEncoder(w).Encode(what); err != nil {
		log.Print(err)
	}
}

type published struct {
	ID          string            `json:"id"`
	Data        string            `json:"data"` // hex digits
	Attributes  map[string]string `json:"attributes"`
	OrderingKey string            `json:"ordering_key"`
	Deliveries  int               `json:"deliveries"`
	Acks        int               `json:"acks"`
	Deadlines   []int32           `json:"deadlines"` // as they were modified
}

func (s *service) messages(topic string) []published {
	out := []published{}
	for _, one := range s.fake.Messages() {
		if one.Topic != topic {
			continue
		}
		shown := published{one.ID, hex.EncodeToString(one.Data), one.Attributes, one.OrderingKey,
			one.Deliveries, one.Acks, []int32{}}
		for _, modack := range one.Modacks {
			shown.Deadlines = append(shown.Deadlines, modack.AckDeadline)
		}
		out = append(out, shown)
	}
	return out
}

type openStream struct {
	Subscription   string `json:"subscription"`
	MaxOutstanding int64  `json:"max_outstanding"`
	Outstanding    int    `json:"outstanding"`
	AckDeadline    int32  `json:"ack_deadline"`
}

type state struct {
	Authorization string         `json:"authorization"`
	Calls         map[string]int `json:"calls"`
	Streams       []openStream   `json:"streams"`
}

func (s *service) state() state {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	out := state{Authorization: s.authorization, Calls: map[string]int{}, Streams: []openStream{}}
	for method, times := range s.calls {
		out.Calls[method] = times
	}
	for one := range s.streams {
		out.Streams = append(out.Streams,
			openStream{one.subscription, one.room, len(one.outstanding), one.deadline})
	}
	return out
}
