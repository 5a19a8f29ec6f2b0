% Condensed detachment: the syllogism follows from Frege's axioms.
cnf(detach, axiom, ~ thm(imp(X, Y)) | ~ thm(X) | thm(Y)).
cnf(f1, axiom, thm(imp(X, imp(Y, X)))).
cnf(f2, axiom, thm(imp(imp(X, imp(Y, Z)), imp(imp(X, Y), imp(X, Z))))).
cnf(goal, negated_conjecture, ~ thm(imp(imp(a, b), imp(imp(b, c), imp(a, c))))).
