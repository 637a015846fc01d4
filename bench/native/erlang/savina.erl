%% savina:main/1, BENCH N: one benchmark of the Savina micro set, one JSON line. How many schedulers
%% there are is said to the emulator (+S).
-module(savina).
-export([main/1, clock/1, random/1]).

main([Bench, N]) ->
    try run(Bench, count(N)) of
        {Actors, Messages, Seconds} ->
            io:format("{\"system\":\"erlang\",\"bench\":\"~s\",\"actors\":~b,\"messages\":~b,"
                      "\"seconds\":~.6f}~n", [Bench, Actors, Messages, Seconds]),
            halt(0)
    catch
        throw:Why -> usage(Why)
    end;
main(_) ->
    usage("two arguments, BENCH and N").

run("ping_pong", N) -> savina_ping_pong:run(N);
run("counting", N) -> savina_counting:run(N);
run("thread_ring", N) -> savina_thread_ring:run(N);
run("big", N) -> savina_big:run(N);
run("fork_join_create", N) -> savina_fork_join_create:run(N);
run("fork_join_throughput", N) -> savina_fork_join_throughput:run(N);
run("banking", N) -> savina_banking:run(N);
run(Other, _) -> throw("no such BENCH: \"" ++ Other ++ "\"").

count(Text) ->
    case string:to_integer(Text) of
        {N, []} when N > 0 -> N;
        _ -> throw("N has to be a whole number above 0, not \"" ++ Text ++ "\"")
    end.

usage(Why) ->
    io:format(standard_error, "savina: ~s~n", [Why]),
    halt(2).

%% Seconds that Run takes, which ends with the last message.
clock(Run) ->
    Began = erlang:monotonic_time(),
    Run(),
    Took = erlang:monotonic_time() - Began,
    Took / erlang:convert_time_unit(1, second, native).

%% The next of the minimal standard generator, whose numbers need no big integers.
random(X) -> X * 16807 rem 2147483647.
