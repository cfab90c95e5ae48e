;; Throws and catches in every way, and prints one line for each: a name, and what was caught.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)

  (type $floats (func (param f32 f64)))
  ;; With integers in the place of floats, this is the type above.
  (type $bits (func (param i32 i64)))
  (type $scaled (func (param f64) (result f64)))
  (type $as-bits (func (param i64) (result i64)))
  (type $floats-and-more (func (param f64) (result f32 f64)))

  (tag $empty)
  (tag $int (param i32))
  (tag $long (param i64))
  (tag $mixed (param i32 i64 f32 f64))
  (tag $floats (type $floats))
  (tag $bits (type $bits))
  (tag $other (param i32))
  (tag $carried (param exnref i32))

  (global $depth (mut i32) (i32.const 0))
  (global $scale (mut f64) (f64.const 2.5))
  (table $kept 4 exnref)
  (table $functions funcref (elem $throws-int $throws-floats))
  (elem declare func $scaled)

  ;; Printing: a name of eight bytes, a number in sixteen digits, the end of the line.
  (func $print (param $name i64) (param $value i64) (local $at i32) (local $digit i32)
    (i64.store (i32.const 64) (local.get $name))
    (i32.store8 (i32.const 72) (i32.const 32))
    (local.set $at (i32.const 88))
    (loop $next
      (local.set $digit (i32.wrap_i64 (i64.and (local.get $value) (i64.const 15))))
      (i32.store8 (local.get $at)
        (i32.add (local.get $digit) (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
      (local.set $value (i64.shr_u (local.get $value) (i64.const 4)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $next (i32.gt_u (local.get $at) (i32.const 72))))
    (i32.store8 (i32.const 89) (i32.const 10))
    (i32.store (i32.const 48) (i32.const 64))
    (i32.store (i32.const 52) (i32.const 26))
    (if (call $fd_write (i32.const 1) (i32.const 48) (i32.const 1) (i32.const 56)) (then unreachable)))

  (func $throws-int (param $value i32) (throw $int (local.get $value)))
  (func $throws-floats (param $value i32)
    (throw $floats (f32.convert_i32_s (local.get $value)) (f64.div (f64.convert_i32_s (local.get $value)) (f64.const 3))))

  ;; In one function.
  (func $in-one (result i32)
    (block $caught (result i32)
      (try_table (catch $int $caught) (throw $int (i32.const 0x1234)))
      unreachable))

  ;; Across calls, direct and by a table.
  (func $calls (param $value i32) (call $throws-int (i32.add (local.get $value) (i32.const 1))) unreachable)
  (func $across (result i32)
    (block $caught (result i32)
      (try_table (result i32) (catch $int $caught) (call $calls (i32.const 41)) (i32.const 0))))
  (func $indirect (param $index i32) (result i64)
    (local $single f32) (local $double f64)
    (block $ints (result i32)
      (block $floats (result f32 f64)
        (try_table (catch $int $ints) (catch $floats $floats)
          (call_indirect $functions (param i32) (i32.const 7) (local.get $index)))
        unreachable)
      (local.set $double)
      (local.set $single)
      (return (i64.add (i64.reinterpret_f64 (local.get $double)) (i64.extend_i32_u (i32.reinterpret_f32 (local.get $single))))))
    (i64.extend_i32_u))

  ;; All kinds of values, sign of zero and NaN included.
  (func $mixed (result i64)
    (local $i i32) (local $l i64) (local $f f32) (local $d f64)
    (block $caught (result i32 i64 f32 f64)
      (try_table (catch $mixed $caught)
        (throw $mixed (i32.const -7) (i64.const 0x0123456789abcdef) (f32.const -0) (f64.const nan:0x8000000000001)))
      unreachable)
    (local.set $d) (local.set $f) (local.set $l) (local.set $i)
    (i64.xor (i64.xor (i64.extend_i32_s (local.get $i)) (local.get $l))
      (i64.xor (i64.shl (i64.extend_i32_u (i32.reinterpret_f32 (local.get $f))) (i64.const 3))
        (i64.reinterpret_f64 (local.get $d)))))

  ;; A tag with floats and one with their bits are different tags, even where the types become the same.
  (func $apart (param $floats i32) (result i64)
    (local $single f32) (local $double f64) (local $int i32) (local $long i64)
    (block $bits (result i32 i64)
      (block $as-floats (result f32 f64)
        (try_table (catch $bits $bits) (catch $floats $as-floats)
          (if (local.get $floats)
            (then (throw $floats (f32.const 1.5) (f64.const -2.25)))
            (else (throw $bits (i32.const 3) (i64.const 4)))))
        unreachable)
      (local.set $double) (local.set $single)
      (return (i64.trunc_f64_s (f64.mul (f64.promote_f32 (local.get $single)) (local.get $double)))))
    (local.set $long) (local.set $int)
    (i64.add (i64.mul (local.get $long) (i64.const 100)) (i64.extend_i32_u (local.get $int))))

  ;; Blocks with floats as parameters and results.
  (func $scaled (type $scaled) (f64.mul (local.get 0) (global.get $scale)))
  (func $blocks (result i64)
    (local $single f32) (local $double f64)
    (block $none
      (f64.const 1.25)
      (try_table (type $floats-and-more) (catch $empty $none)
        (local.set $double)
        (f32.const 0.5)
        (call_ref $scaled (local.get $double) (ref.func $scaled)))
      (local.set $double) (local.set $single)
      (return (i64.reinterpret_f64 (f64.add (local.get $double) (f64.promote_f32 (local.get $single))))))
    (i64.const -1))

  ;; Only the tag that is named is caught; the innermost handler comes first; handlers are looked at in order.
  (func $order (result i32)
    (block $outer (result i32)
      (block $wrong (result i32)
        (try_table (catch $int $outer) (catch $other $wrong)
          (try_table (catch $other $wrong) (throw $int (i32.const 5))))
        unreachable)
      (drop)
      (i32.const -1)))
  (func $first (result i32)
    (block $all
      (block $named (result i32)
        (try_table (catch $int $named) (catch_all $all) (throw $int (i32.const 9)))
        unreachable)
      (return))
    (i32.const -1))

  ;; A handler's own exceptions go outwards.
  (func $from-handler (result i32)
    (block $outer (result i32)
      (try_table (catch $other $outer)
        (block $inner (result i32)
          (try_table (catch $int $inner) (throw $int (i32.const 6)))
          unreachable)
        (throw $other (i32.mul (i32.const 7))))
      unreachable))

  ;; A reference keeps what was thrown, through tables and other exceptions.
  (func $again (result i32)
    (local $reference exnref) (local $sum i32)
    (block $any (result exnref)
      (try_table (catch_all_ref $any) (call $throws-int (i32.const 0x77)))
      unreachable)
    (local.set $reference)
    (table.set $kept (i32.const 3) (local.get $reference))
    (block $carried (result exnref i32)
      (try_table (catch $carried $carried) (throw $carried (local.get $reference) (i32.const 0x100)))
      unreachable)
    (local.set $sum)
    (local.set $reference)
    (block $int (result i32 exnref)
      (try_table (catch_ref $int $int) (throw_ref (local.get $reference)))
      unreachable)
    (local.set $reference)
    (local.set $sum (i32.add (local.get $sum)))
    (block $int-again (result i32)
      (try_table (catch $int $int-again) (throw_ref (table.get $kept (i32.const 3))))
      unreachable)
    (i32.add (local.get $sum)))

  ;; Each level of a deep recursion catches, keeps the exception while it counts, and throws it again.
  (func $deep (param $level i32)
    (local $reference exnref)
    (block $any (result exnref)
      (try_table (catch_all_ref $any)
        (if (local.get $level)
          (then (call $deep (i32.sub (local.get $level) (i32.const 1))))
          (else (throw $int (i32.const 1)))))
      unreachable)
    (local.set $reference)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (throw_ref (local.get $reference)))
  (func $recursion (result i32)
    (block $caught (result i32)
      (try_table (catch $int $caught) (call $deep (i32.const 999)))
      unreachable)
    (i32.add (i32.mul (global.get $depth) (i32.const 16))))

  ;; Each level holds an exception of its own while the innermost throws until the engine has collected: none is lost.
  (func $holding (param $level i32) (result i32)
    (local $reference exnref)
    (block $any (result i32 exnref)
      (try_table (catch_ref $int $any) (throw $int (local.get $level)))
      unreachable)
    (local.set $reference)
    (drop)
    (if (result i32) (local.get $level)
      (then (call $holding (i32.sub (local.get $level) (i32.const 1))))
      (else (call $many (i32.const 30000))))
    (block $caught (result i32)
      (try_table (catch $int $caught) (throw_ref (local.get $reference)))
      unreachable)
    (i32.add))

  (func $many (param $count i32) (result i32)
    (local $caught i32)
    (loop $next
      (block $int (result i32)
        (try_table (catch $int $int) (call $throws-int (i32.const 1)))
        unreachable)
      (local.set $caught (i32.add (local.get $caught)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $caught))

  ;; A program that has used up its memory can still throw: C++ reports that as an exception.
  (func $exhausted (result i32)
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (call $many (i32.const 3000)))

  ;; What is not thrown: a block that ends, and a tail call out of it.
  (func $none (result i32)
    (block $caught (result i32)
      (try_table (result i32) (catch $int $caught) (i32.const 12))))
  (func $tail (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $int $caught) (return_call $tail-inner (local.get 0)))
      unreachable))
  (func $tail-inner (param i32) (result i32) (throw $int (i32.add (local.get 0) (i32.const 3))))
  (func $left (result i32)
    (block $caught (result i32)
      (try_table (catch $int $caught) (drop (call $tail (i32.const 20))))
      unreachable))

  (func (export "_start")
    (call $print (i64.const 0x2020656e6f2d6e69) (i64.extend_i32_u (call $in-one))) ;; in-one
    (call $print (i64.const 0x202073736f726361) (i64.extend_i32_u (call $across))) ;; across
    (call $print (i64.const 0x2020202020746e69) (call $indirect (i32.const 0))) ;; int
    (call $print (i64.const 0x20207374616f6c66) (call $indirect (i32.const 1))) ;; floats
    (call $print (i64.const 0x202020646578696d) (call $mixed)) ;; mixed
    (call $print (i64.const 0x2020202073746962) (call $apart (i32.const 0))) ;; bits
    (call $print (i64.const 0x2020207472617061) (call $apart (i32.const 1))) ;; apart
    (call $print (i64.const 0x2020736b636f6c62) (call $blocks)) ;; blocks
    (call $print (i64.const 0x202020726564726f) (i64.extend_i32_u (call $order))) ;; order
    (call $print (i64.const 0x2020207473726966) (i64.extend_i32_u (call $first))) ;; first
    (call $print (i64.const 0x2072656c646e6168) (i64.extend_i32_u (call $from-handler))) ;; handler
    (call $print (i64.const 0x2020206e69616761) (i64.extend_i32_u (call $again))) ;; again
    (call $print (i64.const 0x20202020656e6f6e) (i64.extend_i32_u (call $none))) ;; none
    (call $print (i64.const 0x202020207466656c) (i64.extend_i32_u (call $left))) ;; left
    (call $print (i64.const 0x2020202070656564) (i64.extend_i32_u (call $recursion))) ;; deep
    (call $print (i64.const 0x20676e69646c6f68) (i64.extend_i32_u (call $holding (i32.const 1500)))) ;; holding
    (call $print (i64.const 0x202020206c6c7566) (i64.extend_i32_u (call $exhausted))))) ;; full
