% One equation of division makes a group: it gives right cancellation of a unit.
cnf(single, axiom, div(X, div(div(div(div(X, X), Y), Z), div(div(div(X, X), X), Z))) = Y).
cnf(goal, negated_conjecture, div(a, a) != div(b, b)).
