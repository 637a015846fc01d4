-module(savina_thread_ring).
-export([run/1]).

-define(SIZE, 100).

run(N) ->
    Main = self(),
    First = spawn_link(fun() -> receive {next, Next} -> member(Next, Main) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> member(Next, Main) end) end,
                       First, lists:seq(2, ?SIZE)),
    First ! {next, Last},
    Seconds = savina:clock(fun() ->
        First ! N - 1,
        receive done -> ok end
    end),
    {?SIZE, N, Seconds}.

member(Next, Main) ->
    receive
        0 -> Main ! done;
        Left ->
            Next ! Left - 1,
            member(Next, Main)
    end.
