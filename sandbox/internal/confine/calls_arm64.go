package confine

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

var archCalls = []uint32{unix.SYS_FSTATAT}

var archWriteCalls = []uint32{unix.SYS_RENAMEAT}
