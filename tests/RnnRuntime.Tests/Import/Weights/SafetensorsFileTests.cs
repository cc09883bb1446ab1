using System.Buffers.Binary;
using System.Text;
using RnnRuntime.Import;
using RnnRuntime.Import.Tensors;
using RnnRuntime.Import.WeightFiles;

namespace RnnRuntime.Tests.Import;

/// <summary>safetensors headers written by hand.</summary>
public sealed class SafetensorsFileTests
{
    [Theory]
    [InlineData("F64", ElementType.Float64, 8)]
    [InlineData("F32", ElementType.Float32, 4)]
    [InlineData("F16", ElementType.Float16, 2)]
    [InlineData("BF16", ElementType.BFloat16, 2)]
    [InlineData("I8", ElementType.Int8, 1)]
    [InlineData("I16", ElementType.Int16, 2)]
    [InlineData("I32", ElementType.Int32, 4)]
    [InlineData("I64", ElementType.Int64, 8)]
    [InlineData("U8", ElementType.UInt8, 1)]
    [InlineData("U16", ElementType.UInt16, 2)]
    [InlineData("U32", ElementType.UInt32, 4)]
    [InlineData("U64", ElementType.UInt64, 8)]
    [InlineData("BOOL", ElementType.Bool, 1)]
    public void EveryTypeStaysAsItIs(string dtype, object type, int size)
    {
        var file = Write($$$"""{"__metadata__":{"format":"pt"},"w":{"dtype":"{{{dtype}}}","shape":[1,3],"data_offsets":[0,{{{3 * size}}}]}}   """, 3 * size);
        var (name, tensor) = Assert.Single(WeightsFile.Read(file, new RnnImportLimits()).Tensors);
        Assert.Equal("w", name);
        Assert.Equal(type, tensor.Type);
        Assert.Equal<int>([1, 3], tensor.Shape);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}""", "F8_E4M3")]
    [InlineData("""{"w":{"dtype":"I8","shape":[5],"data_offsets":[0,4]}}""", "5 bytes")]
    [InlineData("""{"w":{"dtype":"I8","shape":[5],"data_offsets":[0,5]}}""", "inside 0 to 4")]
    [InlineData("""{"w":{"dtype":"I8","shape":[-1],"data_offsets":[0,4]}}""", "extent of -1")]
    [InlineData("""{"w":{"dtype":"I8","shape":[4294967296],"data_offsets":[0,4]}}""", "extent of 4294967296")]
    [InlineData("""{"w":{"dtype":"I8","shape":[2147483647,2147483647,2147483647,0],"data_offsets":[0,0]}}""", "MaximumElements")]
    [InlineData("""{"w":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"I8","shape":[0],"data_offsets":[4,4]}}""", "twice")]
    [InlineData("""{"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"I8","shape":[2],"data_offsets":[2,4]}}""", "begins at 2")]
    [InlineData("""{"a":{"dtype":"I8","shape":[3],"data_offsets":[1,4]}}""", "begins at 1")]
    [InlineData("""{"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]}}""", "4 bytes")]
    [InlineData("""{"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4],"more":1}}""", "dtype, shape")]
    [InlineData("""{"a":{"dtype":"I8","shape":[[4]],"data_offsets":[0,4]}}""", "dtype, shape")]
    [InlineData("""{"a":{"dtype":"I8","shape":[4.5],"data_offsets":[0,4]}}""", "dtype, shape")]
    [InlineData("""{"a":[[[[[[[[[[4]]]]]]]]]]}""", "depth")]
    [InlineData("""{"a":""", "JsonReaderException")]
    [InlineData("""{"\ud800":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}}""", "InvalidOperationException")]
    public void WhatDoesNotFitIsRefused(string header, string message)
    {
        var exception = Assert.Throws<RnnImportException>(() => SafetensorsFile.Read(Write(header, 4), new RnnImportLimits()));
        Assert.Contains(message, exception.Message);
    }

    [Fact]
    public void HeaderLengthsAreChecked()
    {
        var file = Write("{}", 0);
        Assert.Empty(SafetensorsFile.Read(file, new RnnImportLimits()).Tensors);
        BinaryPrimitives.WriteUInt64LittleEndian(file, 3);
        Assert.Throws<RnnImportException>(() => SafetensorsFile.Read(file, new RnnImportLimits()));
        BinaryPrimitives.WriteUInt64LittleEndian(file, ulong.MaxValue);
        Assert.Throws<RnnImportException>(() => SafetensorsFile.Read(file, new RnnImportLimits()));
        Assert.Throws<RnnImportException>(() => SafetensorsFile.Read(new byte[7], new RnnImportLimits()));
        Assert.Throws<RnnImportException>(() => WeightsFile.Read(new byte[100], new RnnImportLimits()));
        Assert.Throws<RnnImportException>(() => WeightsFile.Read(ReadOnlyMemory<byte>.Empty, new RnnImportLimits()));
    }

    [Fact]
    public void TheLimitOnTensorsIsNamed()
    {
        var header = "{" + string.Join(',', Enumerable.Range(0, 5).Select(index => $$$"""
            "{{{index}}}":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}
            """)) + "}";
        var exception = Assert.Throws<RnnImportException>(() => SafetensorsFile.Read(Write(header, 0), new RnnImportLimits { MaximumTensors = 4 }));
        Assert.Contains("MaximumTensors", exception.Message);
    }

    private static byte[] Write(string header, int dataLength)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + text.Length + dataLength];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)text.Length);
        text.CopyTo(file, 8);
        return file;
    }
}
