% Knights and knaves: B says that A says that A is a knave; C says that B lies.
fof(kinds, axiom, ! [X] : (knight(X) <~> knave(X))).
fof(speaks, axiom, ! [X, S] : (says(X, S) => (knight(X) <=> holds(S)))).
fof(reports, axiom, ! [X, S] : (holds(said(X, S)) <=> (knight(X) <=> holds(S)))).
fof(is_knave, axiom, ! [X] : (holds(is_knave(X)) <=> knave(X))).
fof(lies, axiom, ! [X] : (holds(lies(X)) <=> knave(X))).
fof(b_says, axiom, says(b, said(a, is_knave(a)))).
fof(c_says, axiom, says(c, lies(b))).
fof(goal, conjecture, knave(b) & knight(c)).
