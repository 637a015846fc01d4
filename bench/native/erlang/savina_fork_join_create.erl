-module(savina_fork_join_create).
-export([run/1]).

-define(TURN, 500).

run(N) ->
    Main = self(),
    Left = atomics:new(1, []),
    atomics:put(Left, 1, N),
    Creator = spawn_link(fun() -> create(N, Left, Main) end),
    Seconds = savina:clock(fun() ->
        Creator ! go,
        Creator ! go,
        receive done -> ok end
    end),
    {N, N, Seconds}.

create(ToCreate, Left, Main) ->
    receive go ->
        Now = min(ToCreate, ?TURN),
        fork(Now, Left, self(), Main),
        create(ToCreate - Now, Left, Main)
    end.

fork(0, _, _, _) -> ok;
fork(N, Left, Creator, Main) ->
    spawn(fun() -> created(Left, Creator, Main) end) ! tell,
    fork(N - 1, Left, Creator, Main).

created(Left, Creator, Main) ->
    receive tell ->
        case atomics:sub_get(Left, 1, 1) of
            0 -> Main ! done;
            N when N rem ?TURN =:= 0 -> Creator ! go;
            _ -> ok
        end
    end.
