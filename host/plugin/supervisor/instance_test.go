package supervisor

import "testing"

func TestOnlyMissesInARowCount(t *testing.T) {
	var misses tally
	const limit = 3
	for range 10 {
		for miss := 1; miss < limit; miss++ {
			if misses.miss(limit) {
				t.Fatalf("%d misses in a row were too many", miss)
			}
		}
		misses.answered()
	}
	misses.miss(limit)
	misses.miss(limit)
	if !misses.miss(limit) {
		t.Error("three misses in a row were not enough")
	}
}
