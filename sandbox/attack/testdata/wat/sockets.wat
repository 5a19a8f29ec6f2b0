;; Accepts, sends, receives and shuts down on every low descriptor.
(module
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_recv" (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown" (func $shut (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $fd i32)
    (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 16))
    (loop $l
      (if (i32.eqz (call $accept (local.get $fd) (i32.const 0) (i32.const 64))) (then (call $exit (i32.const 3))))
      (if (i32.eqz (call $recv (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 64) (i32.const 68))) (then (call $exit (i32.const 3))))
      (if (i32.eqz (call $send (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 64))) (then (call $exit (i32.const 3))))
      (if (i32.eqz (call $shut (local.get $fd) (i32.const 3))) (then (call $exit (i32.const 3))))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $fd) (i32.const 64))))))
