using System.Runtime.InteropServices;
using static RnnRuntime.Bench.Peers.OneDnn.OneDnnApi;

namespace RnnRuntime.Bench.Peers.OneDnn;

/// <summary>An engine, a stream, and everything that is made with them; disposing it releases all.</summary>
internal sealed unsafe class OneDnnContext : IDisposable
{
    private readonly List<nint> _blocks = [];
    private readonly List<nint> _memories = [];
    private readonly List<nint> _primitives = [];

    internal OneDnnContext()
    {
        nint handle;
        Check(dnnl_engine_create(&handle, Cpu, 0), nameof(dnnl_engine_create));
        Engine = handle;
        Check(dnnl_stream_create(&handle, Engine, InOrder), nameof(dnnl_stream_create));
        Stream = handle;
    }

    internal nint Engine { get; }

    internal nint Stream { get; }

    /// <summary>Zeroed memory on a cache line.</summary>
    internal byte* Allocate(nuint bytes)
    {
        byte* block = (byte*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(block, bytes);
        _blocks.Add((nint)block);
        return block;
    }

    internal byte* Descriptor(int type, int format, params ReadOnlySpan<long> extents)
    {
        byte* descriptor = Allocate(DescriptorBytes);
        fixed (long* first = extents)
        {
            Check(dnnl_memory_desc_init_by_tag(descriptor, extents.Length, first, type, format), nameof(dnnl_memory_desc_init_by_tag));
        }

        return descriptor;
    }

    /// <summary>Memory of a descriptor, zeroed.</summary>
    internal OneDnnMemory Memory(byte* descriptor)
    {
        byte* data = Allocate(dnnl_memory_desc_get_size(descriptor));
        nint memory;
        Check(dnnl_memory_create(&memory, descriptor, Engine, data), nameof(dnnl_memory_create));
        _memories.Add(memory);
        return new OneDnnMemory(memory, data);
    }

    internal nint Primitive(nint descriptor)
    {
        nint primitive;
        Check(dnnl_primitive_create(&primitive, descriptor), nameof(dnnl_primitive_create));
        _primitives.Add(primitive);
        return primitive;
    }

    /// <summary>Values in a plain layout, rearranged to the one that a primitive asked for.</summary>
    internal OneDnnMemory Reorder(ReadOnlySpan<float> values, byte* plain, byte* wanted, nint attributes)
    {
        OneDnnMemory source = Memory(plain), target = Memory(wanted);
        values.CopyTo(new Span<float>(source.Data, values.Length));
        nint descriptor;
        Check(dnnl_reorder_primitive_desc_create(&descriptor, plain, Engine, wanted, Engine, attributes), nameof(dnnl_reorder_primitive_desc_create));
        Argument* arguments = stackalloc Argument[] { new(1, source.Handle), new(17, target.Handle) };
        Check(dnnl_primitive_execute(Primitive(descriptor), Stream, 2, arguments), nameof(dnnl_primitive_execute));
        Check(dnnl_stream_wait(Stream), nameof(dnnl_stream_wait));
        Check(dnnl_primitive_desc_destroy(descriptor), nameof(dnnl_primitive_desc_destroy));
        return target;
    }

    public void Dispose()
    {
        _primitives.ForEach(primitive => dnnl_primitive_destroy(primitive));
        _memories.ForEach(memory => dnnl_memory_destroy(memory));
        _ = dnnl_stream_destroy(Stream);
        _ = dnnl_engine_destroy(Engine);
        _blocks.ForEach(block => NativeMemory.AlignedFree((void*)block));
    }
}

/// <summary>A memory object and the data that it shows.</summary>
internal readonly unsafe struct OneDnnMemory(nint handle, byte* data)
{
    internal readonly nint Handle = handle;
    internal readonly byte* Data = data;
}
