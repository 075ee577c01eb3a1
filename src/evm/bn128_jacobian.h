/* Points in Jacobian coordinates, x = X / Z^2 and y = Y / Z^3, Z = 0 at infinity, on a curve
 * y^2 = x^3 + b over FIELD. bn128_curve.c includes this once for each of its two fields, with
 * FIELD the field's type, JACOBIAN(name) the names and FIELD_(verb) the arithmetic. */

struct JACOBIAN(point) {
    struct FIELD x, y, z;
};

/* With a curve that has no term in x, tripled squares are all of the slope: S = 4XY^2, M = 3X^2,
 * X' = M^2 - 2S, Y' = M(S - X') - 8Y^4, Z' = 2YZ. */
static void JACOBIAN(double)(struct JACOBIAN(point) * out, const struct JACOBIAN(point) * a) {
    struct FIELD y2, s, m, t, x;
    FIELD_(square)(&y2, &a->y);
    FIELD_(multiply)(&s, &a->x, &y2);
    FIELD_(double)(&s, &s);
    FIELD_(double)(&s, &s);
    FIELD_(square)(&t, &a->x);
    FIELD_(double)(&m, &t);
    FIELD_(add)(&m, &m, &t);
    FIELD_(multiply)(&t, &a->y, &a->z);
    FIELD_(double)(&out->z, &t);
    FIELD_(square)(&x, &m);
    FIELD_(subtract)(&x, &x, &s);
    FIELD_(subtract)(&out->x, &x, &s);
    FIELD_(subtract)(&s, &s, &out->x);
    FIELD_(multiply)(&s, &s, &m);
    FIELD_(double)(&y2, &y2);
    FIELD_(square)(&t, &y2);
    FIELD_(double)(&t, &t);
    FIELD_(subtract)(&out->y, &s, &t);
}

/* H = X2 Z1^2 - X1 Z2^2, R = Y2 Z1^3 - Y1 Z2^3, X' = R^2 - H^3 - 2 X1 Z2^2 H^2,
 * Y' = R (X1 Z2^2 H^2 - X') - Y1 Z2^3 H^3, Z' = Z1 Z2 H. */
static void JACOBIAN(add)(struct JACOBIAN(point) * out, const struct JACOBIAN(point) * a,
                          const struct JACOBIAN(point) * b) {
    if (FIELD_(is_zero)(&a->z)) {
        *out = *b;
        return;
    }
    if (FIELD_(is_zero)(&b->z)) {
        *out = *a;
        return;
    }
    struct FIELD za2, zb2, xa, ya, h, r, h2, t, z;
    FIELD_(square)(&za2, &a->z);
    FIELD_(square)(&zb2, &b->z);
    FIELD_(multiply)(&xa, &a->x, &zb2);
    FIELD_(multiply)(&h, &b->x, &za2);
    FIELD_(subtract)(&h, &h, &xa);
    FIELD_(multiply)(&t, &b->z, &zb2);
    FIELD_(multiply)(&ya, &a->y, &t);
    FIELD_(multiply)(&t, &a->z, &za2);
    FIELD_(multiply)(&r, &b->y, &t);
    FIELD_(subtract)(&r, &r, &ya);
    if (FIELD_(is_zero)(&h) && FIELD_(is_zero)(&r)) {
        JACOBIAN(double)(out, a);
        return;
    }
    FIELD_(multiply)(&z, &a->z, &b->z);
    FIELD_(multiply)(&out->z, &z, &h); /* 0, infinity, for opposite points */
    FIELD_(square)(&h2, &h);
    FIELD_(multiply)(&h, &h, &h2);
    FIELD_(multiply)(&xa, &xa, &h2);
    FIELD_(square)(&t, &r);
    FIELD_(subtract)(&t, &t, &h);
    FIELD_(subtract)(&t, &t, &xa);
    FIELD_(subtract)(&out->x, &t, &xa);
    FIELD_(subtract)(&t, &xa, &out->x);
    FIELD_(multiply)(&t, &t, &r);
    FIELD_(multiply)(&ya, &ya, &h);
    FIELD_(subtract)(&out->y, &t, &ya);
}
