% Equivalential calculus: symmetry from one axiom.
cnf(detach, axiom, ~ thm(eqv(X, Y)) | ~ thm(X) | thm(Y)).
cnf(single, axiom, thm(eqv(eqv(X, Y), eqv(eqv(Z, Y), eqv(X, Z))))).
cnf(goal, negated_conjecture, ~ thm(eqv(eqv(a, b), eqv(b, a)))).
