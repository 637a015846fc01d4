-module(savina_ping_pong).
-export([run/1]).

run(N) ->
    Main = self(),
    Pong = spawn_link(fun pong/0),
    Ping = spawn_link(fun() ->
        receive go -> ok end,
        ping(Pong, N),
        Main ! done
    end),
    Seconds = savina:clock(fun() ->
        Ping ! go,
        receive done -> ok end
    end),
    {2, 2 * N, Seconds}.

ping(_, 0) -> ok;
ping(Pong, N) ->
    Pong ! {ping, self()},
    receive pong -> ping(Pong, N - 1) end.

pong() ->
    receive {ping, From} ->
        From ! pong,
        pong()
    end.
