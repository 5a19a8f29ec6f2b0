//go:build !amd64 && !arm64

package confine

// auditArch 0 says that there is no system call list for this machine, which the
// status reports.
const auditArch = 0

var (
	archCalls      []uint32
	archWriteCalls []uint32
)
