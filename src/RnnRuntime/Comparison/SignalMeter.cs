using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace RnnRuntime.Comparison;

/// <summary>Gathers the error of a signal step by step, in memory that does not grow with the steps.</summary>
/// <param name="elements">Elements of a step.</param>
/// <param name="steps">Steps that will come.</param>
/// <param name="mostWindows">How many windows are kept at most, with the decades; 0 keeps neither.</param>
internal sealed class SignalMeter(int elements, long steps, int mostWindows)
{
    private readonly Sums[] _windows = new Sums[(int)Math.Min(steps, mostWindows)];
    private readonly List<Sums> _decades = [];
    private long _decadeEnd;
    private long _steps;
    private double _magnitude;
    private Sums _all;
    private long _largestStep;

    public SignalError Error
    {
        get
        {
            var count = Math.Max(1.0, (double)_steps * elements);
            return new SignalError(_all.Signal / count, _all.Noise / count, _magnitude / count, _all.Largest, _largestStep);
        }
    }

    public ImmutableArray<ErrorWindow> Windows =>
        [.. _windows.Select((window, index) => window.Over(WindowStart(index), WindowStart(index + 1), elements))];

    public ImmutableArray<ErrorWindow> Decades
    {
        get
        {
            var decades = ImmutableArray.CreateBuilder<ErrorWindow>();
            long first = 0, end = 10;
            foreach (var decade in _decades)
            {
                decades.Add(decade.Over(first, Math.Min(end, _steps), elements));
                (first, end) = (end, end * 10);
            }

            return decades.ToImmutable();
        }
    }

    /// <summary>Adds the next step.</summary>
    public void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> candidate)
    {
        double signal = 0, noise = 0, largest = 0;
        for (var i = 0; i < reference.Length; i++)
        {
            double expected = reference[i], found = candidate[i];
            signal += double.IsFinite(expected) ? expected * expected : 0;
            if (expected.Equals(found))
            {
                continue;
            }

            var difference = Math.Abs(expected - found);
            difference = double.IsNaN(difference) ? double.PositiveInfinity : difference;
            noise += difference * difference;
            _magnitude += difference;
            largest = Math.Max(largest, difference);
        }

        if (largest > _all.Largest)
        {
            _largestStep = _steps;
        }

        _all.Add(signal, noise, largest);
        if (mostWindows > 0)
        {
            AddToHistory(signal, noise, largest);
        }

        _steps++;
    }

    private void AddToHistory(double signal, double noise, double largest)
    {
        if (_steps >= _decadeEnd)
        {
            _decadeEnd = Math.Max(10, _decadeEnd * 10);
            _decades.Add(default);
        }

        _windows[(int)(_steps * (Int128)_windows.Length / steps)].Add(signal, noise, largest);
        CollectionsMarshal.AsSpan(_decades)[^1].Add(signal, noise, largest);
    }

    /// <summary>The first step s with s * windows / steps, rounded down, equal to the window's index.</summary>
    private long WindowStart(int index) => (long)((((Int128)index * steps) + _windows.Length - 1) / _windows.Length);

    private struct Sums
    {
        public double Signal;
        public double Noise;
        public double Largest;

        public void Add(double signal, double noise, double largest)
        {
            Signal += signal;
            Noise += noise;
            Largest = Math.Max(Largest, largest);
        }

        public readonly ErrorWindow Over(long first, long end, int elements)
        {
            var count = (double)(end - first) * elements;
            return new ErrorWindow(first, end - first, Signal / count, Noise / count, Largest);
        }
    }
}
