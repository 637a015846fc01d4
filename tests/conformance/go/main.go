// An actor host written with the published Go SDK, and a client of it, for test_go_sdk.py.
//
// It registers one NAMED, stateful actor whose state is a google.protobuf.Int64Value, then obeys
// commands on standard input, one a line, and answers each with one line on standard output:
//
//	add N      invokes Add through the SDK, answers the new total
//	total      invokes Total through the SDK, answers the total
//	fail       invokes Fail, whose action returns an error
//	unknown    invokes an action that was never registered
//	quit       ends
//
// A failed invocation is answered with "error: ..." . The SDK logs to standard error, but prints
// each state to standard output; main() keeps that for the answers.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/eigr/spawn-go-sdk/spawn/actors"
	"github.com/eigr/spawn-go-sdk/spawn/system"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	systemName = "spawn-system"
	actorName  = "GoCounter"
)

func total(ctx *actors.ActorContext) int64 {
	if state, ok := ctx.CurrentState.(*wrapperspb.Int64Value); ok {
		return state.GetValue()
	}
	return 0
}

func add(ctx *actors.ActorContext, payload proto.Message) (actors.Value, error) {
	step, ok := payload.(*wrapperspb.Int64Value)
	if !ok {
		return actors.Value{}, fmt.Errorf("Add wants an Int64Value, got %T", payload)
	}
	sum := wrapperspb.Int64(total(ctx) + step.GetValue())
	return actors.Of(sum).State(sum).Materialize(), nil
}

func show(ctx *actors.ActorContext, _ proto.Message) (actors.Value, error) {
	return actors.Of(wrapperspb.Int64(total(ctx))).Materialize(), nil
}

func fail(_ *actors.ActorContext, _ proto.Message) (actors.Value, error) {
	return actors.Value{}, errors.New("as asked")
}

func answer(result proto.Message, err error) string {
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	number, ok := result.(*wrapperspb.Int64Value)
	if !ok {
		return fmt.Sprintf("error: answer is %T", result)
	}
	return strconv.FormatInt(number.GetValue(), 10)
}

// ownStandardOutput gives the answers a writer that nothing in the SDK can reach.
func ownStandardOutput() *os.File {
	answers := os.Stdout
	os.Stdout = os.Stderr
	return answers
}

func port(name string) int {
	number, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s must be a port: %v\n", name, err)
		os.Exit(2)
	}
	return number
}

func main() {
	answers := ownStandardOutput()
	say := func(words ...any) { fmt.Fprintln(answers, words...) }
	host := system.NewSystem(systemName).
		UseProxyPort(port("PROXY_PORT")).
		ExposePort(port("HOST_PORT"))
	counter := host.BuildActor(actors.ActorConfig{
		Name:               actorName,
		StateType:          &wrapperspb.Int64Value{},
		Kind:               actors.Named,
		Stateful:           true,
		SnapshotTimeout:    60,  // milliseconds
		DeactivatedTimeout: 120, // milliseconds: it passivates between the commands
	})
	counter.AddAction("Add", add)
	counter.AddAction("Total", show)
	counter.AddAction("Fail", fail)
	host.RegisterActor(counter)
	if err := host.Start(); err != nil {
		say("error:", err)
		os.Exit(1)
	}
	say("ready")

	invoke := func(action string, payload proto.Message) string {
		return answer(host.Invoke(systemName, actorName, action, payload, system.Options{}))
	}
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		words := strings.Fields(commands.Text())
		switch {
		case len(words) == 2 && words[0] == "add":
			step, err := strconv.ParseInt(words[1], 10, 64)
			if err != nil {
				say("error:", err)
				continue
			}
			say(invoke("Add", wrapperspb.Int64(step)))
		case len(words) == 1 && words[0] == "total":
			say(invoke("Total", nil))
		case len(words) == 1 && words[0] == "fail":
			say(invoke("Fail", nil))
		case len(words) == 1 && words[0] == "unknown":
			say(invoke("NoSuchAction", nil))
		case len(words) == 1 && words[0] == "quit":
			return
		default:
			say("error: unknown command")
		}
	}
}
