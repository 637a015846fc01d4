-module(savina_counting).
-export([run/1]).

-define(TURN, 500).

run(N) ->
    Main = self(),
    Producer = spawn_link(fun() ->
        receive {to, Counter} -> produce(Counter, N) end
    end),
    Counter = spawn_link(fun() -> count(N, ?TURN, Producer, Main) end),
    Producer ! {to, Counter},
    Seconds = savina:clock(fun() ->
        Producer ! go,
        Producer ! go,
        receive done -> ok end
    end),
    {2, N, Seconds}.

produce(Counter, Left) ->
    receive go ->
        Now = min(Left, ?TURN),
        tell(Counter, Now),
        produce(Counter, Left - Now)
    end.

tell(_, 0) -> ok;
tell(To, N) ->
    To ! tell,
    tell(To, N - 1).

count(0, _, _, Main) -> Main ! done;
count(Left, 0, Producer, Main) ->
    Producer ! go,
    count(Left, ?TURN, Producer, Main);
count(Left, InTurn, Producer, Main) ->
    receive tell -> count(Left - 1, InTurn - 1, Producer, Main) end.
