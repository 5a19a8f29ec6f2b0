% A Robbins algebra with an idempotent element satisfies Huntington's equation for it.
cnf(commutative, axiom, or(X, Y) = or(Y, X)).
cnf(associative, axiom, or(or(X, Y), Z) = or(X, or(Y, Z))).
cnf(robbins, axiom, not(or(not(or(X, Y)), not(or(X, not(Y))))) = X).
cnf(idempotent, hypothesis, or(X, X) = X).
cnf(goal, negated_conjecture, or(not(or(not(a), b)), not(or(not(a), not(b)))) != a).
