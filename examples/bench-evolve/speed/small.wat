;; A small model: the sum of the squares of its parameters, a thousand times over.
(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "fitness") (param $at i32) (param $count i32) (param $seed i64) (result f64)
    (local $sum f64) (local $i i32) (local $round i32) (local $v f64)
    (loop $rounds
      (local.set $sum (f64.const 0))
      (local.set $i (i32.const 0))
      (loop $next
        (local.set $v (f64.load (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 3)))))
        (local.set $sum (f64.add (local.get $sum) (f64.mul (local.get $v) (local.get $v))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $count))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $rounds (i32.lt_u (local.get $round) (i32.const 1000))))
    (local.get $sum)))
