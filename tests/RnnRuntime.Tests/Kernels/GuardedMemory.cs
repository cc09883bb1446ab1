using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Guarded buffers by name, used again from case to case.</summary>
internal sealed unsafe class GuardedMemory(GuardSide side) : IDisposable
{
    /// <summary>What the plan promises for packed weights.</summary>
    private const int WeightAlignment = 64;

    private readonly Dictionary<string, GuardedBuffer> _buffers = [];

    public T* Place<T>(string name, nint count, int alignment = 4)
        where T : unmanaged
    {
        if (!_buffers.TryGetValue(name, out var buffer))
        {
            _buffers.Add(name, buffer = new GuardedBuffer(side));
        }

        return buffer.Place<T>(count, alignment);
    }

    public float* Place(string name, ReadOnlySpan<float> values)
    {
        var result = Place<float>(name, values.Length);
        values.CopyTo(new Span<float>(result, values.Length));
        return result;
    }

    /// <summary>Vectors that are <paramref name="stride"/> floats apart; what lies between them stays NaN. The last one ends at the guard.</summary>
    public float* Place(string name, ReadOnlySpan<float> values, int vectors, nint stride)
    {
        var length = values.Length / vectors;
        var result = Place<float>(name, ((vectors - 1) * stride) + length);
        for (var i = 0; i < vectors; i++)
        {
            values.Slice(i * length, length).CopyTo(new Span<float>(result + (i * stride), length));
        }

        return result;
    }

    /// <summary>Packs as the plan does.</summary>
    public PackedMatrix Pack(string name, Weights weights, int[] laneRows)
    {
        using var packer = new Packer(SparseChoice.Never);
        var packed = packer.Matrix(weights, laneRows);
        var data = Place<byte>(name, packed.DataBytes, WeightAlignment);
        Buffer.MemoryCopy(packed.Data, data, packed.DataBytes, packed.DataBytes);
        var scales = packed.IsInt8 ? Place($"{name}.scales", new ReadOnlySpan<float>(packed.RowScales, packed.Lanes)) : null;
        var factors = packed.Factors == null ? null : Place($"{name}.factors", new ReadOnlySpan<float>(packed.Factors, packed.Columns));
        return packed with { Data = data, RowScales = scales, Factors = factors };
    }

    /// <summary>The same without zeros; each of its parts touches a guard of its own. The packer owns the matrix.</summary>
    public Packer PackSparse(Weights weights, int[] laneRows, out PackedMatrix matrix)
    {
        var packer = new Packer(SparseChoice.Always);
        AlignedBlock.Source = length =>
        {
            var buffer = new GuardedBuffer(side);
            return ((nint)buffer.Place<byte>(length, WeightAlignment), buffer);
        };
        try
        {
            matrix = packer.Matrix(weights, laneRows);
            Assert.True(matrix.IsSparse);
            return packer;
        }
        finally
        {
            AlignedBlock.Source = null;
        }
    }

    /// <summary>What the plan gives a sparse product.</summary>
    public ProductScratch SparseScratch(in PackedMatrix matrix) =>
        new(null, null, null, 0, Place<byte>("sparse", SparseWork.BytesFor(matrix), WeightAlignment), Place<float>("multiplied", matrix.Columns));

    /// <summary>What the plan gives a quantised product for this many vectors.</summary>
    public ProductScratch Scratch(int vectors, params ReadOnlySpan<PackedMatrix> matrices)
    {
        var columns = 0;
        var sums = Panels.MaximumWidth * Panels.MaximumTileVectors;
        foreach (var matrix in matrices)
        {
            columns = Math.Max(columns, matrix.Columns);
            sums = Math.Max(sums, matrix.Lanes);
        }

        var bytes = PackedMatrix.QuantizedBytes(columns);
        nint stride = BufferInfo.PaddedStride((bytes + 3) / BufferInfo.ElementSize) * BufferInfo.ElementSize;
        return new ProductScratch(
            Place<sbyte>("quantized", ((vectors - 1) * stride) + bytes), Place<float>("vector scales", vectors), Place<int>("sums", sums), stride,
            multiplied: Place<float>("multiplied", columns));
    }

    public void CheckBorders(string what)
    {
        foreach (var (name, buffer) in _buffers)
        {
            buffer.CheckBorders($"{what}, {name}");
        }
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers.Values)
        {
            buffer.Dispose();
        }
    }
}
