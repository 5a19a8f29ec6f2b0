% An animal that likes to eat a grain-eating animal: the steamroller.
fof(wolf, axiom, ! [X] : (wolf(X) => animal(X)) & ? [X] : wolf(X)).
fof(fox, axiom, ! [X] : (fox(X) => animal(X)) & ? [X] : fox(X)).
fof(bird, axiom, ! [X] : (bird(X) => animal(X)) & ? [X] : bird(X)).
fof(caterpillar, axiom, ! [X] : (caterpillar(X) => animal(X)) & ? [X] : caterpillar(X)).
fof(snail, axiom, ! [X] : (snail(X) => animal(X)) & ? [X] : snail(X)).
fof(grain, axiom, ! [X] : (grain(X) => plant(X)) & ? [X] : grain(X)).
fof(taste, axiom, ! [X] : (animal(X) => (! [Y] : (plant(Y) => eats(X, Y))
    | ! [Y] : ((animal(Y) & smaller(Y, X) & ? [Z] : (plant(Z) & eats(Y, Z))) => eats(X, Y))))).
fof(sizes, axiom, ! [X, Y] : ((bird(Y) & (snail(X) | caterpillar(X))) => smaller(X, Y))).
fof(sizes_fox, axiom, ! [X, Y] : ((bird(X) & fox(Y)) => smaller(X, Y))).
fof(sizes_wolf, axiom, ! [X, Y] : ((fox(X) & wolf(Y)) => smaller(X, Y))).
fof(wolf_eats, axiom, ! [X, Y] : ((wolf(X) & (fox(Y) | grain(Y))) => ~ eats(X, Y))).
fof(bird_eats, axiom, ! [X, Y] : ((bird(X) & caterpillar(Y)) => eats(X, Y))).
fof(bird_leaves, axiom, ! [X, Y] : ((bird(X) & snail(Y)) => ~ eats(X, Y))).
fof(small_eat, axiom, ! [X] : ((caterpillar(X) | snail(X)) => ? [Y] : (plant(Y) & eats(X, Y)))).
fof(goal, conjecture, ? [X, Y] : (animal(X) & animal(Y) & ? [Z] : (grain(Z) & eats(Y, Z) & eats(X, Y)))).
