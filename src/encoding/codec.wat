;; The heart of the Reed-Solomon codec, over GF(2^8).
;;
;; Multiplication by a constant is linear over the bits of a byte, so c*x = c*(x & 15) ^ c*(x & 240): two look-ups in
;; tables of 16 bytes, which i8x16.swizzle does for 16 bytes at once. A constant's two tables lie side by side:
;; low[n] = c*n, then high[n] = c*(16*n).
(module
  (memory (export "memory") 1)

  ;; target[i] = c0*s0[i] + c1*s1[i] + c2*s2[i] + c3*s3[i]. $tables: of c0 to c3. $sources: the first of four strips,
  ;; $stride bytes apart. $length: a multiple of 32. Strips never overlap.
  (func (export "combine")
    (param $tables i32) (param $sources i32) (param $stride i32) (param $target i32) (param $length i32)
    (local $low0 v128) (local $high0 v128) (local $low1 v128) (local $high1 v128)
    (local $low2 v128) (local $high2 v128) (local $low3 v128) (local $high3 v128)
    (local $nibble v128) (local $x v128) (local $y v128) (local $sum v128) (local $sum2 v128)
    (local $s1 i32) (local $s2 i32) (local $s3 i32) (local $end i32)

    (local.set $low0 (v128.load offset=0 (local.get $tables)))
    (local.set $high0 (v128.load offset=16 (local.get $tables)))
    (local.set $low1 (v128.load offset=32 (local.get $tables)))
    (local.set $high1 (v128.load offset=48 (local.get $tables)))
    (local.set $low2 (v128.load offset=64 (local.get $tables)))
    (local.set $high2 (v128.load offset=80 (local.get $tables)))
    (local.set $low3 (v128.load offset=96 (local.get $tables)))
    (local.set $high3 (v128.load offset=112 (local.get $tables)))
    (local.set $nibble (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15))
    (local.set $s1 (i32.add (local.get $sources) (local.get $stride)))
    (local.set $s2 (i32.add (local.get $s1) (local.get $stride)))
    (local.set $s3 (i32.add (local.get $s2) (local.get $stride)))
    (local.set $end (i32.add (local.get $sources) (local.get $length)))

    (block $done
      (br_if $done (i32.eqz (local.get $length)))
      (loop $next
        (local.set $x (v128.load (local.get $sources)))
        (local.set $y (v128.load offset=16 (local.get $sources)))
        (local.set $sum (v128.xor
          (i8x16.swizzle (local.get $low0) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high0) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble)))))
        (local.set $sum2 (v128.xor
          (i8x16.swizzle (local.get $low0) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high0) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble)))))

        (local.set $x (v128.load (local.get $s1)))
        (local.set $y (v128.load offset=16 (local.get $s1)))
        (local.set $sum (v128.xor (local.get $sum) (v128.xor
          (i8x16.swizzle (local.get $low1) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high1) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble))))))
        (local.set $sum2 (v128.xor (local.get $sum2) (v128.xor
          (i8x16.swizzle (local.get $low1) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high1) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble))))))

        (local.set $x (v128.load (local.get $s2)))
        (local.set $y (v128.load offset=16 (local.get $s2)))
        (local.set $sum (v128.xor (local.get $sum) (v128.xor
          (i8x16.swizzle (local.get $low2) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high2) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble))))))
        (local.set $sum2 (v128.xor (local.get $sum2) (v128.xor
          (i8x16.swizzle (local.get $low2) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high2) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble))))))

        (local.set $x (v128.load (local.get $s3)))
        (local.set $y (v128.load offset=16 (local.get $s3)))
        (v128.store (local.get $target) (v128.xor (local.get $sum) (v128.xor
          (i8x16.swizzle (local.get $low3) (v128.and (local.get $x) (local.get $nibble)))
          (i8x16.swizzle (local.get $high3) (v128.and (i16x8.shr_u (local.get $x) (i32.const 4)) (local.get $nibble))))))
        (v128.store offset=16 (local.get $target) (v128.xor (local.get $sum2) (v128.xor
          (i8x16.swizzle (local.get $low3) (v128.and (local.get $y) (local.get $nibble)))
          (i8x16.swizzle (local.get $high3) (v128.and (i16x8.shr_u (local.get $y) (i32.const 4)) (local.get $nibble))))))

        (local.set $s1 (i32.add (local.get $s1) (i32.const 32)))
        (local.set $s2 (i32.add (local.get $s2) (i32.const 32)))
        (local.set $s3 (i32.add (local.get $s3) (i32.const 32)))
        (local.set $target (i32.add (local.get $target) (i32.const 32)))
        (local.set $sources (i32.add (local.get $sources) (i32.const 32)))
        (br_if $next (i32.lt_u (local.get $sources) (local.get $end))))))

  ;; All eight parity strips at once, with 9 multiplications in place of combine's 32. Fragment r is p(r), for the polynomial
  ;; p of degree 3 that goes through the data, and 0…3, 4…7, 8…11 are a linear subspace of the field and two of its
  ;; cosets, so that an additive Fourier transform (Lin, Chung and Han 2014) evaluates p. With X(x) = (x^2 + x) / 6,
  ;; which is X(x + 1) as well, p(x) = (d0 + d2*X(x)) + x*(d1 + d3*X(x)). X is 0 at 0 and 1, and 1 at 2 and 3, which
  ;; gives d0…d3; then p(c) = e0 + c*e1, p(c + 1) = p(c) + e1, and two more from e2 and e3, where X is one more.
  ;; $tables: of 2, X(4), X(8), 4, 6, 8, 10. $sources: four strips, then eight to be written, all $stride bytes apart.
  (func (export "parity") (param $tables i32) (param $sources i32) (param $stride i32) (param $length i32)
    (local $nibble v128) (local $low v128) (local $high v128) (local $sum v128)
    (local $d0 v128) (local $d1 v128) (local $d2 v128) (local $d3 v128)
    (local $e0 v128) (local $e1 v128) (local $e2 v128) (local $e3 v128)
    (local $f0 v128) (local $f1 v128) (local $f2 v128) (local $f3 v128)
    (local $s1 i32) (local $s2 i32) (local $s3 i32) (local $end i32)
    (local $t4 i32)    (local $t5 i32)    (local $t6 i32)    (local $t7 i32)
    (local $t8 i32)    (local $t9 i32)    (local $t10 i32)    (local $t11 i32)

    (local.set $nibble (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15))
    (local.set $s1 (i32.add (local.get $sources) (local.get $stride)))
    (local.set $s2 (i32.add (local.get $s1) (local.get $stride)))
    (local.set $s3 (i32.add (local.get $s2) (local.get $stride)))
    (local.set $t4 (i32.add (local.get $s3) (local.get $stride)))
    (local.set $t5 (i32.add (local.get $t4) (local.get $stride)))
    (local.set $t6 (i32.add (local.get $t5) (local.get $stride)))
    (local.set $t7 (i32.add (local.get $t6) (local.get $stride)))
    (local.set $t8 (i32.add (local.get $t7) (local.get $stride)))
    (local.set $t9 (i32.add (local.get $t8) (local.get $stride)))
    (local.set $t10 (i32.add (local.get $t9) (local.get $stride)))
    (local.set $t11 (i32.add (local.get $t10) (local.get $stride)))
    (local.set $end (i32.add (local.get $sources) (local.get $length)))

    (block $done
      (br_if $done (i32.eqz (local.get $length)))
      (loop $next
        (local.set $d0 (v128.load (local.get $sources)))
        (local.set $d1 (v128.xor (local.get $d0) (v128.load (local.get $s1))))
        (local.set $e2 (v128.load (local.get $s2)))
        (local.set $e3 (v128.xor (local.get $e2) (v128.load (local.get $s3))))
        (local.set $low (v128.and (local.get $e3) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $e3) (i32.const 4)) (local.get $nibble)))
        (local.set $d2 (v128.xor (v128.xor (local.get $d0) (local.get $e2)) (v128.xor
          (i8x16.swizzle (v128.load offset=0 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=16 (local.get $tables)) (local.get $high)))))
        (local.set $d3 (v128.xor (local.get $d1) (local.get $e3)))

        (local.set $low (v128.and (local.get $d2) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $d2) (i32.const 4)) (local.get $nibble)))
        (local.set $e0 (v128.xor (local.get $d0) (v128.xor
          (i8x16.swizzle (v128.load offset=32 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=48 (local.get $tables)) (local.get $high)))))
        (local.set $f0 (v128.xor (local.get $d0) (v128.xor
          (i8x16.swizzle (v128.load offset=64 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=80 (local.get $tables)) (local.get $high)))))
        (local.set $low (v128.and (local.get $d3) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $d3) (i32.const 4)) (local.get $nibble)))
        (local.set $e1 (v128.xor (local.get $d1) (v128.xor
          (i8x16.swizzle (v128.load offset=32 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=48 (local.get $tables)) (local.get $high)))))
        (local.set $f1 (v128.xor (local.get $d1) (v128.xor
          (i8x16.swizzle (v128.load offset=64 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=80 (local.get $tables)) (local.get $high)))))
        (local.set $e2 (v128.xor (local.get $e0) (local.get $d2)))
        (local.set $e3 (v128.xor (local.get $e1) (local.get $d3)))
        (local.set $f2 (v128.xor (local.get $f0) (local.get $d2)))
        (local.set $f3 (v128.xor (local.get $f1) (local.get $d3)))

        (local.set $low (v128.and (local.get $e1) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $e1) (i32.const 4)) (local.get $nibble)))
        (local.set $sum (v128.xor (local.get $e0) (v128.xor
          (i8x16.swizzle (v128.load offset=96 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=112 (local.get $tables)) (local.get $high)))))
        (v128.store (local.get $t4) (local.get $sum))
        (v128.store (local.get $t5) (v128.xor (local.get $sum) (local.get $e1)))
        (local.set $low (v128.and (local.get $e3) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $e3) (i32.const 4)) (local.get $nibble)))
        (local.set $sum (v128.xor (local.get $e2) (v128.xor
          (i8x16.swizzle (v128.load offset=128 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=144 (local.get $tables)) (local.get $high)))))
        (v128.store (local.get $t6) (local.get $sum))
        (v128.store (local.get $t7) (v128.xor (local.get $sum) (local.get $e3)))
        (local.set $low (v128.and (local.get $f1) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $f1) (i32.const 4)) (local.get $nibble)))
        (local.set $sum (v128.xor (local.get $f0) (v128.xor
          (i8x16.swizzle (v128.load offset=160 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=176 (local.get $tables)) (local.get $high)))))
        (v128.store (local.get $t8) (local.get $sum))
        (v128.store (local.get $t9) (v128.xor (local.get $sum) (local.get $f1)))
        (local.set $low (v128.and (local.get $f3) (local.get $nibble)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $f3) (i32.const 4)) (local.get $nibble)))
        (local.set $sum (v128.xor (local.get $f2) (v128.xor
          (i8x16.swizzle (v128.load offset=192 (local.get $tables)) (local.get $low))
          (i8x16.swizzle (v128.load offset=208 (local.get $tables)) (local.get $high)))))
        (v128.store (local.get $t10) (local.get $sum))
        (v128.store (local.get $t11) (v128.xor (local.get $sum) (local.get $f3)))

        (local.set $s1 (i32.add (local.get $s1) (i32.const 16)))
        (local.set $s2 (i32.add (local.get $s2) (i32.const 16)))
        (local.set $s3 (i32.add (local.get $s3) (i32.const 16)))
        (local.set $t4 (i32.add (local.get $t4) (i32.const 16)))
        (local.set $t5 (i32.add (local.get $t5) (i32.const 16)))
        (local.set $t6 (i32.add (local.get $t6) (i32.const 16)))
        (local.set $t7 (i32.add (local.get $t7) (i32.const 16)))
        (local.set $t8 (i32.add (local.get $t8) (i32.const 16)))
        (local.set $t9 (i32.add (local.get $t9) (i32.const 16)))
        (local.set $t10 (i32.add (local.get $t10) (i32.const 16)))
        (local.set $t11 (i32.add (local.get $t11) (i32.const 16)))
        (local.set $sources (i32.add (local.get $sources) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $sources) (local.get $end)))))))
