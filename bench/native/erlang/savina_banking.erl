-module(savina_banking).
-export([run/1]).

-define(ACCOUNTS, 1000).
-define(AT_ONCE, 1000).

run(N) ->
    Main = self(),
    Accounts = [spawn_link(fun start/0) || _ <- lists:seq(1, ?ACCOUNTS)],
    All = list_to_tuple(Accounts),
    Teller = spawn_link(fun() ->
        receive go -> ok end,
        First = min(N, ?AT_ONCE),
        teller(All, ask(All, 1, First), N - First, N),
        Main ! done
    end),
    [Each ! {know, All, Teller} || Each <- Accounts],
    Seconds = savina:clock(fun() ->
        Teller ! go,
        receive done -> ok end
    end),
    [Each ! {stop, Main} || Each <- Accounts],
    0 = lists:sum([receive {balance, Balance} -> Balance end || _ <- Accounts]),
    {?ACCOUNTS + 1, 4 * N, Seconds}.

teller(_, _, _, 0) -> ok;
teller(All, Random, 0, ToAnswer) ->
    receive done -> teller(All, Random, 0, ToAnswer - 1) end;
teller(All, Random, ToAsk, ToAnswer) ->
    receive done -> teller(All, ask(All, Random, 1), ToAsk - 1, ToAnswer - 1) end.

ask(_, Random, 0) -> Random;
ask(All, Random, N) ->
    R1 = savina:random(Random),
    R2 = savina:random(R1),
    R3 = savina:random(R2),
    From = R1 rem ?ACCOUNTS,
    To = (From + 1 + R2 rem (?ACCOUNTS - 1)) rem ?ACCOUNTS,
    element(From + 1, All) ! {transfer, To, 1 + R3 rem 100},
    ask(All, R3, N - 1).

start() ->
    receive {know, All, Teller} -> account(All, Teller, 0) end.

account(All, Teller, Balance) ->
    receive
        {transfer, To, Amount} ->
            element(To + 1, All) ! {credit, Amount, self()},
            account(All, Teller, Balance - Amount);
        {credit, Amount, From} ->
            From ! credited,
            account(All, Teller, Balance + Amount);
        credited ->
            Teller ! done,
            account(All, Teller, Balance);
        {stop, To} ->
            To ! {balance, Balance}
    end.
