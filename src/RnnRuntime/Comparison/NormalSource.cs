using RnnRuntime.Decoding;
using RnnRuntime.Kernels;

namespace RnnRuntime.Comparison;

/// <summary>
/// Random numbers of which a seed gives the same on every machine: xoshiro256** and, for the normal distribution, the polar method of
/// Marsaglia and Bray 1964 with a logarithm of basic operations.
/// </summary>
internal sealed class NormalSource(ulong seed)
{
    private Xoshiro256 _random = new(seed);
    private double _kept = double.NaN;

    /// <summary>Standard normal.</summary>
    public float NextNormal()
    {
        if (!double.IsNaN(_kept))
        {
            var kept = _kept;
            _kept = double.NaN;
            return (float)kept;
        }

        double x, y, square;
        do
        {
            x = (2 * _random.NextDouble()) - 1;
            y = (2 * _random.NextDouble()) - 1;
            square = (x * x) + (y * y);
        }
        while (square is >= 1 or 0);

        var factor = Math.Sqrt(-2 * DoubleMath.Log(square) / square);
        _kept = y * factor;
        return (float)(x * factor);
    }

    /// <summary>Uniform from 0 to below the limit.</summary>
    public int NextIndex(int limit) => (int)(_random.NextDouble() * limit);
}
