;; Hands the host pointers that lie outside its memory.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eqz (call $write (i32.const 1) (i32.const -8) (i32.const -1) (i32.const -4))) (then (call $exit (i32.const 3))))
    (if (i32.eqz (call $open (i32.const 3) (i32.const 0) (i32.const -16) (i32.const -1) (i32.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const -4))) (then (call $exit (i32.const 3))))
    (if (i32.eqz (call $readdir (i32.const 3) (i32.const 65530) (i32.const -1) (i64.const -1) (i32.const -4))) (then (call $exit (i32.const 3))))))
