package heal

import (
	"testing"

	"github.com/homeostat/homeostat/host/heal/healtest"
)

func TestWorldsDiskBehavesLikeARealStore(t *testing.T) { healtest.Store(t, newWorld(t)) }
