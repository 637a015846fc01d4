-module(savina_big).
-export([run/1]).

-define(SIZE, 64).

run(N) ->
    Main = self(),
    All = list_to_tuple([spawn_link(fun() -> start(Own, N, Main) end)
                         || Own <- lists:seq(0, ?SIZE - 1)]),
    Members = tuple_to_list(All),
    [Each ! {all, All} || Each <- Members],
    Seconds = savina:clock(fun() ->
        [Each ! go || Each <- Members],
        [receive done -> ok end || _ <- Members]
    end),
    {?SIZE, 2 * ?SIZE * N, Seconds}.

start(Own, N, Main) ->
    receive {all, All} -> ok end,
    receive go -> ok end,
    member(All, Own, ask(All, Own, Own + 1), N, Main).

ask(All, Own, Random) ->
    Next = savina:random(Random),
    element((Own + 1 + Next rem (?SIZE - 1)) rem ?SIZE + 1, All) ! {ping, self()},
    Next.

member(All, Own, Random, Left, Main) ->
    receive
        {ping, From} ->
            From ! pong,
            member(All, Own, Random, Left, Main);
        pong when Left > 1 ->
            member(All, Own, ask(All, Own, Random), Left - 1, Main);
        pong ->
            Main ! done,
            member(All, Own, Random, 0, Main)
    end.
