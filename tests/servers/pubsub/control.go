package main

import (
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
//	POST /make?topic=T[&subscription=S&ack_seconds=N]  a topic, and a subscription to it
//	POST /publish?topic=T                            the JSON list of bodies; their message ids, as JSON
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
		if err := of.make(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("/publish", func(w http.ResponseWriter, r *http.Request) {
		ids, err := of.publish(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, ids)
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

func answer(w http.ResponseWriter, what any) {
	if err := json.NewEncoder(w).Encode(what); err != nil {
		log.Print(err)
	}
}

func (s *service) make(r *http.Request) error {
	topic := r.FormValue("topic")
	if _, err := s.GServer.CreateTopic(r.Context(), &pb.Topic{Name: topic}); err != nil {
		return err
	}
	if r.FormValue("subscription") == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(r.FormValue("ack_seconds"), 10, 32)
	if err != nil {
		return err
	}
	_, err = s.GServer.CreateSubscription(r.Context(), &pb.Subscription{
		Name: r.FormValue("subscription"), Topic: topic, AckDeadlineSeconds: int32(seconds)})
	return err
}

func (s *service) publish(r *http.Request) ([]string, error) {
	bodies := []string{}
	if err := json.NewDecoder(r.Body).Decode(&bodies); err != nil {
		return nil, err
	}
	request := &pb.PublishRequest{Topic: r.FormValue("topic")}
	for _, one := range bodies {
		request.Messages = append(request.Messages, &pb.PubsubMessage{Data: []byte(one)})
	}
	out, err := s.GServer.Publish(r.Context(), request)
	if err != nil {
		return nil, err
	}
	return out.MessageIds, nil
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
