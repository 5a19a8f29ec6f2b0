package signature

import (
	"maps"
	"slices"

	"github.com/homeostat/homeostat/sdk"
)

// The severities of the shipped signatures. Low: something is degraded. Medium:
// the component does not do its work. High: data is at risk. Critical: the host
// is at risk.
const (
	low      = sdk.SeverityLow
	medium   = sdk.SeverityMedium
	high     = sdk.SeverityHigh
	critical = sdk.SeverityCritical
)

// Sets returns the names of the shipped sets in alphabetical order.
func Sets() []string { return slices.Sorted(maps.Keys(shipped)) }

// shipped are the sets by name. The texts are those that the programs write; a
// test holds a real line of each.
var shipped = map[string][]Signature{
	"nginx": {
		{Name: "no-listen", Pattern: `bind\(\) to \S+ failed`, Severity: medium, Meaning: "nginx cannot listen on its address"},
		{Name: "connections", Pattern: `worker_connections are not enough`, Severity: medium, Meaning: "nginx has no connection left to give"},
		{Name: "files", Pattern: `\(24: Too many open files\)`, Severity: medium, Meaning: "nginx has no file descriptor left"},
		{Name: "upstream", Pattern: `(connect\(\) failed|upstream timed out|upstream prematurely closed|no live upstreams).* while (connecting|reading|sending)`, Severity: low, Meaning: "nginx does not reach the service behind it"},
		{Name: "worker", Pattern: `worker process \d+ exited on signal (4|6|7|8|9|11)`, Severity: medium, Meaning: "a worker of nginx crashed"},
		{Name: "config", Pattern: `\[emerg\]`, Severity: medium, Meaning: "nginx refuses its configuration"},
	},
	"redis": {
		{Name: "memory", Pattern: `OOM command not allowed|Can't save in background: fork`, Severity: medium, Meaning: "redis has no memory left"},
		{Name: "persist", Pattern: `MISCONF Redis is configured to save|Background saving error|Write error saving DB on disk|Asynchronous AOF fsync is taking too long`, Severity: high, Meaning: "redis cannot write its data to disk"},
		{Name: "corrupt", Pattern: `Bad file format reading the append only file|Short read or OOM loading DB|Internal error in RDB`, Severity: high, Meaning: "the data file of redis is damaged"},
		{Name: "crash", Pattern: `REDIS BUG REPORT START|Redis \S+ crashed by signal`, Severity: medium, Meaning: "redis crashed"},
		{Name: "clients", Pattern: `max number of clients reached`, Severity: medium, Meaning: "redis refuses new clients"},
		{Name: "replica", Pattern: `Connection with (master|replica \S+) lost`, Severity: low, Meaning: "redis lost its replication link"},
	},
	"postgres": {
		{Name: "corrupt", Pattern: `invalid page in block|could not read block|unexpected page|checksum verification failed|invalid primary checkpoint record`, Severity: high, Meaning: "the data of PostgreSQL is damaged"},
		{Name: "panic", Pattern: `PANIC:  `, Severity: high, Meaning: "PostgreSQL stops because it cannot go on safely"},
		{Name: "disk", Pattern: `could not (write|extend|fsync).*No space left on device`, Severity: high, Meaning: "PostgreSQL has no disk space"},
		{Name: "clients", Pattern: `(FATAL|ERROR):  .*(too many clients already|remaining connection slots are reserved)`, Severity: medium, Meaning: "PostgreSQL has no connection left to give"},
		{Name: "crash", Pattern: `server process \(PID \d+\) was terminated by signal`, Severity: medium, Meaning: "a process of PostgreSQL crashed"},
		{Name: "wraparound", Pattern: `must be vacuumed within \d+ transactions|not accepting commands to avoid wraparound`, Severity: high, Meaning: "PostgreSQL is about to run out of transaction numbers"},
		{Name: "deadlock", Pattern: `ERROR:  deadlock detected`, Severity: low, Meaning: "transactions of PostgreSQL wait for each other"},
	},
	"sshd": {
		{Name: "break-in", Pattern: `POSSIBLE BREAK-IN ATTEMPT`, Severity: low, Meaning: "the name of a peer does not fit its address"},
		{Name: "guessing", Pattern: `Too many authentication failures|maximum authentication attempts exceeded`, Severity: low, Meaning: "somebody guesses passwords"},
		{Name: "no-listen", Pattern: `Cannot bind any address|Bind to port \d+ on \S+ failed`, Severity: medium, Meaning: "sshd cannot listen"},
		{Name: "keys", Pattern: `no hostkeys available|UNPROTECTED PRIVATE KEY FILE`, Severity: medium, Meaning: "sshd has no usable key"},
		{Name: "throttled", Pattern: `beginning MaxStartups throttling`, Severity: low, Meaning: "sshd drops new connections"},
	},
	"systemd": {
		{Name: "failed", Pattern: `Failed with result '(exit-code|signal|core-dump|timeout|watchdog|oom-kill|start-limit-hit|resources)'`, Severity: low, Meaning: "a unit failed"},
		{Name: "limit", Pattern: `Start request repeated too quickly`, Severity: medium, Meaning: "systemd has given up to start a unit"},
		{Name: "emergency", Pattern: `You are in emergency mode|Entering emergency mode`, Severity: critical, Meaning: "the host has started in emergency mode"},
		{Name: "oom", Pattern: `A process of this unit has been killed by the OOM killer`, Severity: medium, Meaning: "a unit ran out of memory"},
	},
	"kernel": {
		{Name: "oom", Pattern: `Out of memory: Kill(ed)? process \d+|oom-kill:constraint=|Memory cgroup out of memory`, Severity: high, Meaning: "the kernel killed a process because memory ran out"},
		{Name: "panic", Pattern: `Kernel panic - not syncing`, Severity: critical, Meaning: "the kernel panicked"},
		{Name: "oops", Pattern: `BUG: unable to handle|general protection fault|Oops: \d|kernel BUG at`, Severity: critical, Meaning: "the kernel has a fault"},
		{Name: "io", Pattern: `(blk_update_request: |Buffer )?I/O error(,| on) dev`, Severity: high, Meaning: "a disk does not read or write"},
		{Name: "fs", Pattern: `EXT4-fs error|EXT4-fs \(\S+\): Remounting filesystem read-only|XFS \(\S+\): (Corruption|Internal error|metadata I/O error)|BTRFS (error|critical)`, Severity: high, Meaning: "a file system is damaged"},
		{Name: "lockup", Pattern: `soft lockup - CPU#|rcu_(sched|preempt) self-detected stall|blocked for more than \d+ seconds`, Severity: high, Meaning: "the kernel or a task hangs"},
		{Name: "segfault", Pattern: `\S+\[\d+\]: segfault at `, Severity: low, Meaning: "a program crashed"},
		{Name: "machine", Pattern: `Machine Check Exception|\[Hardware Error\]|EDAC \S+: .*UE`, Severity: critical, Meaning: "the hardware reports a fault"},
		{Name: "conntrack", Pattern: `nf_conntrack: (nf_conntrack: )?table full`, Severity: medium, Meaning: "the kernel drops packets because its table of connections is full"},
	},
	"go": {
		{Name: "panic", Pattern: `^panic: |^fatal error: (all goroutines are asleep|concurrent map|out of memory|stack overflow|runtime)`, Severity: medium, Meaning: "a Go program panicked"},
		{Name: "signal", Pattern: `\[signal SIG[A-Z]+: `, Severity: medium, Meaning: "a Go program crashed"},
		{Name: "recovered", Pattern: `http: panic serving `, Severity: low, Meaning: "a request made a Go program panic"},
		{Name: "files", Pattern: `accept (tcp|unix)\S* .*too many open files`, Severity: medium, Meaning: "a Go program has no file descriptor left"},
	},
	"java": {
		{Name: "memory", Pattern: `java\.lang\.OutOfMemoryError`, Severity: medium, Meaning: "a Java program has no memory left"},
		{Name: "overhead", Pattern: `GC overhead limit exceeded`, Severity: medium, Meaning: "a Java program does little but collect garbage"},
		{Name: "stack", Pattern: `java\.lang\.StackOverflowError`, Severity: low, Meaning: "a Java program has run out of stack"},
		{Name: "crash", Pattern: `A fatal error has been detected by the Java Runtime Environment`, Severity: medium, Meaning: "the Java machine crashed"},
		{Name: "main", Pattern: `Exception in thread "main"`, Severity: medium, Meaning: "the main thread of a Java program ended"},
		{Name: "deadlock", Pattern: `Found (one|\d+) Java-level deadlock`, Severity: medium, Meaning: "threads of a Java program wait for each other"},
	},
	"common": {
		{Name: "no-space", Pattern: `No space left on device|ENOSPC`, Severity: high, Meaning: "a disk is full"},
		{Name: "read-only", Pattern: `Read-only file system|EROFS`, Severity: high, Meaning: "a file system has become read-only"},
		{Name: "in-use", Pattern: `[Aa]ddress already in use|EADDRINUSE`, Severity: medium, Meaning: "another process holds the address"},
		{Name: "certificate", Pattern: `certificate has expired`, Severity: medium, Meaning: "a certificate has expired"},
		{Name: "python", Pattern: `^MemoryError$|^RecursionError: `, Severity: medium, Meaning: "a Python program has run out of memory or stack"},
	},
}
