# SPDX-License-Identifier: Apache-2.0
"""A scorer as the caller writes it, a function of one token's query and key, as the text that ``Spec`` takes.

The function runs once, on values that stand for q and k and write down what is done with them.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from lighthouse import _lighthouse

ALLOWED = (
    "+ - * / of q, k and numbers, x ** 2, abs, exp, log, sqrt, square, maximum, minimum, clamp, and over the elements "
    "of a vector sum, mean, max, min, amax, amin, norm"
)
EXPECTED = f"scorer: expects a function of a token's q and k with {ALLOWED}; but got"
LONGEST = 2000  # characters of the text, as in lighthouse_ops/ScoreExpression.h
NUMBERS = (int, float, np.integer, np.floating)
NO_NUMBERS = (bool, np.timedelta64)  # though bool is an int, and timedelta64 an np.integer
FLOAT32_MAX = (2.0 - 2.0**-23) * 2.0**127


class Value:
    """q, k, or what was made of them: its text, and whether it is a vector of D numbers or one number."""

    __array_ufunc__ = None  # numpy's numbers leave arithmetic with it to it.

    def __init__(self, text: str, is_vector: bool) -> None:
        if len(text) > LONGEST:
            raise ValueError(f"scorer: expects expressions of at most {LONGEST} characters, but got {len(text)}")
        self._text = text
        self._is_vector = is_vector

    # Arithmetic -------------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> "Value":
        return _binary(self, "+", other)

    def __radd__(self, other: Any) -> "Value":
        return _binary(other, "+", self)

    def __sub__(self, other: Any) -> "Value":
        return _binary(self, "-", other)

    def __rsub__(self, other: Any) -> "Value":
        return _binary(other, "-", self)

    def __mul__(self, other: Any) -> "Value":
        return _binary(self, "*", other)

    def __rmul__(self, other: Any) -> "Value":
        return _binary(other, "*", self)

    def __truediv__(self, other: Any) -> "Value":
        return _binary(self, "/", other)

    def __rtruediv__(self, other: Any) -> "Value":
        return _binary(other, "/", self)

    def __neg__(self) -> "Value":
        return Value(f"-({self._text})", self._is_vector)

    def __pos__(self) -> "Value":
        return self

    def __pow__(self, power: Any) -> "Value":
        if isinstance(power, NO_NUMBERS) or not isinstance(power, NUMBERS) or power != 2:
            _refuse(f"a power of {_describe(power)}")
        return self.square()

    def maximum(self, other: Any) -> "Value":
        return _function("maximum", self, other)

    def minimum(self, other: Any) -> "Value":
        return _function("minimum", self, other)

    def clamp(self, min: Any = None, max: Any = None) -> "Value":
        result = self
        if min is not None:
            result = result.maximum(min)
        return result if max is None else result.minimum(max)

    # Of each element --------------------------------------------------------------------------------------------------

    def __abs__(self) -> "Value":
        return _function("abs", self)

    def abs(self) -> "Value":
        return _function("abs", self)

    def exp(self) -> "Value":
        return _function("exp", self)

    def log(self) -> "Value":
        return _function("log", self)

    def sqrt(self) -> "Value":
        return _function("sqrt", self)

    def square(self) -> "Value":
        return _function("square", self)

    # Over a vector's elements -----------------------------------------------------------------------------------------

    def sum(self, dim: Any = -1) -> "Value":
        return _reduction("sum", self, dim)

    def mean(self, dim: Any = -1) -> "Value":
        return _reduction("mean", self, dim)

    def amax(self, dim: Any = -1) -> "Value":
        return _reduction("max", self, dim)

    def amin(self, dim: Any = -1) -> "Value":
        return _reduction("min", self, dim)

    def max(self) -> "Value":
        return _reduction("max", self)

    def min(self) -> "Value":
        return _reduction("min", self)

    def norm(self) -> "Value":
        return _reduction("norm", self)

    # What would need a value ------------------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        _refuse("a branch on a value; maximum, minimum and clamp choose without one")

    def __float__(self) -> float:
        _refuse("a function of numbers, such as those of math; write x.exp() for math.exp(x)")

    __int__ = __index__ = __complex__ = __float__

    def _compare(self, other: Any) -> bool:
        _refuse("a comparison; maximum, minimum and clamp choose without one")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _compare
    __hash__ = None

    def __getitem__(self, index: Any) -> Any:
        _refuse(f"an index, [{index!r}]")

    def __iter__(self) -> Any:
        _refuse("a loop over a value's elements")

    def __len__(self) -> int:
        _refuse("the length of a value; mean divides by it")

    def __matmul__(self, other: Any) -> Any:
        _refuse("a matrix product; (q * k).sum() is that of two vectors")

    __rmatmul__ = __matmul__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(f"x.{name}")

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> "Value":
        """torch.exp(x) is x.exp()."""
        name = getattr(function, "__name__", str(function))
        if not args or not isinstance(args[0], Value):
            _refuse(f"a tensor in torch.{name}; scorers have numbers only beside q and k")
        if name not in VOCABULARY:
            _refuse(f"torch.{name}")
        return getattr(args[0], name)(*args[1:], **(kwargs or {}))


VOCABULARY = {name for name in vars(Value) if not name.startswith("_")}


def trace(function: Callable[[Any, Any], Any]) -> str:
    """The canonical text of a scorer.

    Raises:
        TypeError: it does what a scorer cannot.
        ValueError: not two results, a vector for a score, a number that float32 does not hold, or too long.
    """
    _check_signature(function)
    try:
        results = function(Value("q", True), Value("k", True))
    except TypeError as error:
        if "'Value'" in str(error) or "Value." in str(error):  # An operator or argument that it does not have.
            raise TypeError(f"{EXPECTED} what failed: {error}") from error
        raise
    if not isinstance(results, (tuple, list)):
        raise TypeError(
            f"scorer: expects two results, a token's scores as a query and as a key, but got {_describe(results)}"
        )
    if len(results) != 2:
        raise ValueError(
            f"scorer: expects two results, a token's scores as a query and as a key, but got {len(results)}"
        )
    texts = []
    for what, result in zip(("query", "key"), results, strict=True):
        if isinstance(result, Value) and result._is_vector:
            raise ValueError(
                f"scorer: expects the score as a {what} to be a number, but got a vector of head_dim elements, "
                f"{result._text}; sum, mean, max, min or norm makes a number of it"
            )
        texts.append(_text(result))
    return _lighthouse.Spec(scorer=", ".join(texts)).scorer


def _check_signature(function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # Some builtins have none.
        return
    try:
        signature.bind(None, None)
    except TypeError:
        raise TypeError(f"scorer: expects a function of a token's q and k, but got one of {signature}") from None


def _binary(left: Any, sign: str, right: Any) -> Value:
    return Value(f"({_text(left)} {sign} {_text(right)})", _is_vector(left) or _is_vector(right))


def _function(name: str, *operands: Any) -> Value:
    return Value(f"{name}({', '.join(map(_text, operands))})", any(map(_is_vector, operands)))


def _reduction(name: str, value: Value, dim: Any = -1) -> Value:
    if isinstance(dim, bool) or not isinstance(dim, int) or dim != -1:
        _refuse(f"{name} over dimension {_describe(dim)}; a token's q and k have one, which is -1 or left out")
    if not value._is_vector:
        _refuse(f"{name} of a number, {value._text}")
    return Value(f"{name}({value._text})", False)


def _is_vector(value: Any) -> bool:
    return isinstance(value, Value) and value._is_vector


def _text(value: Any) -> str:
    if isinstance(value, Value):
        return value._text
    if isinstance(value, NO_NUMBERS) or not isinstance(value, NUMBERS):
        _refuse(f"{_describe(value)}; scorers have numbers only beside q and k")
    if not abs(value) <= FLOAT32_MAX:  # Also refuses NaN.
        raise ValueError(f"scorer: expects numbers that float32 holds, but got {value}")
    number = repr(float(value))
    return f"({number})" if number.startswith("-") else number


def _describe(value: Any) -> str:
    kind = type(value).__name__
    return kind if len(repr(value)) > 40 or "\n" in repr(value) else f"{value!r} ({kind})"


def _refuse(found: str) -> Any:
    raise TypeError(f"{EXPECTED} {found}")
