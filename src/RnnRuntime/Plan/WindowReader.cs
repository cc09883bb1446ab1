using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>Finds the inputs of one window of a convolution, row of taps by row of taps along the inner axis.</summary>
internal unsafe struct WindowReader
{
    private readonly ConvGeometry _geometry;
    private readonly ConvAxis _a, _b, _c, _inner;
    private readonly nint _aStride, _bStride, _cStride, _innerStride;
    private readonly int _channels;
    private long _aStart, _bStart, _cStart, _innerStart;
    private int _firstTap, _endTap;

    public WindowReader(ConvGeometry geometry)
    {
        _geometry = geometry;
        (_a, _b, _c, _inner) = (geometry.Axes[0], geometry.Axes[1], geometry.Axes[2], geometry.Axes[3]);
        (_aStride, _bStride, _cStride, _innerStride) =
            (geometry.ElementStride(0), geometry.ElementStride(1), geometry.ElementStride(2), geometry.ElementStride(3));
        _channels = geometry.GroupChannels;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void MoveTo(int position)
    {
        (position, var inner) = Math.DivRem(position, _inner.Output);
        (position, var c) = Math.DivRem(position, _c.Output);
        var (a, b) = Math.DivRem(position, _b.Output);
        _aStart = _a.Start + ((long)a * _a.Stride);
        _bStart = _b.Start + ((long)b * _b.Stride);
        _cStart = _c.Start + ((long)c * _c.Stride);
        _innerStart = _inner.Start + ((long)inner * _inner.Stride);
        _firstTap = (int)Math.Min(_innerStart >= 0 ? 0 : (-_innerStart + _inner.Dilation - 1) / _inner.Dilation, _inner.Kernel);
        var left = _inner.Length - _innerStart;
        _endTap = (int)Math.Clamp(left <= 0 ? 0 : (left + _inner.Dilation - 1) / _inner.Dilation, _firstTap, _inner.Kernel);
    }

    /// <summary>Copies the window, zeros where it lies in padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Gather(float* input, float* result)
    {
        for (var i = 0; i < _a.Kernel; i++)
        {
            for (var j = 0; j < _b.Kernel; j++)
            {
                for (var k = 0; k < _c.Kernel; k++, result += (nint)_inner.Kernel * _channels)
                {
                    if (RowOf(i, j, k, out var offset))
                    {
                        GatherRow(input + offset, result);
                    }
                    else
                    {
                        new Span<float>(result, _inner.Kernel * _channels).Clear();
                    }
                }
            }
        }
    }

    /// <summary>Of a depthwise convolution: output = bias + the sum over the window's taps of [tap][channel] weights times inputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void SumTaps(KernelVariant variant, float* input, float* weights, float* bias, float* output)
    {
        nint channels = _geometry.Channels;
        var init = bias;
        for (var i = 0; i < _a.Kernel; i++)
        {
            for (var j = 0; j < _b.Kernel; j++)
            {
                for (var k = 0; k < _c.Kernel; k++, weights += _inner.Kernel * channels)
                {
                    if (RowOf(i, j, k, out var offset))
                    {
                        variant.MultiplyAdd(
                            weights + (_firstTap * channels), channels, input + offset + ((nint)(_innerStart + ((long)_firstTap * _inner.Dilation)) * channels),
                            _inner.Dilation * channels, _endTap - _firstTap, init, output, (int)channels);
                        init = output;
                    }
                }
            }
        }

        if (init == bias)
        {
            new ReadOnlySpan<float>(bias, (int)channels).CopyTo(new Span<float>(output, (int)channels));
        }
    }

    /// <summary>Where the inner axis starts under these taps of the outer axes; false where all of it is padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool RowOf(int i, int j, int k, out nint offset)
    {
        var a = _aStart + ((long)i * _a.Dilation);
        var b = _bStart + ((long)j * _b.Dilation);
        var c = _cStart + ((long)k * _c.Dilation);
        offset = ((nint)a * _aStride) + ((nint)b * _bStride) + ((nint)c * _cStride);
        return _firstTap < _endTap && (ulong)a < (ulong)_a.Length && (ulong)b < (ulong)_b.Length && (ulong)c < (ulong)_c.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void GatherRow(float* row, float* result)
    {
        if (_firstTap > 0)
        {
            new Span<float>(result, _firstTap * _channels).Clear();
        }

        var source = row + ((nint)(_innerStart + ((long)_firstTap * _inner.Dilation)) * _innerStride);
        var step = _inner.Dilation * _innerStride;
        var target = result + ((nint)_firstTap * _channels);
        if (step == _channels)
        {
            RowCopy.Copy(source, target, (_endTap - _firstTap) * _channels);
        }
        else if (_channels == 1)
        {
            for (var tap = _firstTap; tap < _endTap; tap++, source += step)
            {
                *target++ = *source;
            }
        }
        else
        {
            for (var tap = _firstTap; tap < _endTap; tap++, source += step, target += _channels)
            {
                RowCopy.Copy(source, target, _channels);
            }
        }

        if (_endTap < _inner.Kernel)
        {
            new Span<float>(result + ((nint)_endTap * _channels), (_inner.Kernel - _endTap) * _channels).Clear();
        }
    }
}
