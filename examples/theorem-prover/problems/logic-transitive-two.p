% Two transitive relations, one symmetric, that cover everything: one of them does it alone.
fof(p_transitive, axiom, ! [X, Y, Z] : ((p(X, Y) & p(Y, Z)) => p(X, Z))).
fof(q_transitive, axiom, ! [X, Y, Z] : ((q(X, Y) & q(Y, Z)) => q(X, Z))).
fof(q_symmetric, axiom, ! [X, Y] : (q(X, Y) => q(Y, X))).
fof(cover, axiom, ! [X, Y] : (p(X, Y) | q(X, Y))).
fof(goal, conjecture, ! [X, Y] : p(X, Y) | ! [X, Y] : q(X, Y)).
