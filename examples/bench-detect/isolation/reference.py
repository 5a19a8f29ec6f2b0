# Measures scikit-learn's isolation forest on the files named as arguments.
import csv, gzip, json, os, sys, time
import numpy
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

result = {}
for name in sys.argv[1:]:
    with gzip.open(name, "rt") as f:
        rows = numpy.array([[float(x) for x in row] for row in list(csv.reader(f))[1:]])
    x, y = rows[:, :-1], rows[:, -1]
    auc, seconds = [], float("inf")
    for seed in range(5):
        forest = IsolationForest(random_state=seed, n_jobs=1).fit(x)
        for _ in range(5):
            begun = time.process_time()
            scores = -forest.score_samples(x)
            seconds = min(seconds, time.process_time() - begun)
        auc.append(roc_auc_score(y, scores))
    result[os.path.basename(name).removesuffix(".csv.gz")] = {"auc": auc, "seconds": seconds}
print(json.dumps(result))
