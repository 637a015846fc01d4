-module(savina_fork_join_throughput).
-export([run/1]).

-define(WORKERS, 60).
-define(TURN, 100).

run(N) ->
    Main = self(),
    Source = spawn_link(fun() -> receive {to, Workers} -> source(Workers, N, 2 * ?WORKERS) end end),
    Workers = [spawn_link(fun() -> worker(N, ?TURN, Source, Main) end)
               || _ <- lists:seq(1, ?WORKERS)],
    Seconds = savina:clock(fun() ->
        Source ! {to, Workers},
        [receive done -> ok end || _ <- Workers]
    end),
    {?WORKERS, ?WORKERS * N, Seconds}.

%% Credits: one from each worker allows another turn.
source(Workers, Left, Credits) when Credits >= ?WORKERS ->
    Now = min(Left, ?TURN),
    tell(Workers, Now),
    source(Workers, Left - Now, Credits - ?WORKERS);
source(Workers, Left, Credits) ->
    receive credit -> source(Workers, Left, Credits + 1) end.

tell(_, 0) -> ok;
tell(Workers, N) ->
    tell_each(Workers),
    tell(Workers, N - 1).

tell_each([]) -> ok;
tell_each([Worker | Others]) ->
    Worker ! tell,
    tell_each(Others).

worker(0, _, _, Main) -> Main ! done;
worker(Left, 0, Source, Main) ->
    Source ! credit,
    worker(Left, ?TURN, Source, Main);
worker(Left, InTurn, Source, Main) ->
    receive tell -> worker(Left - 1, InTurn - 1, Source, Main) end.
