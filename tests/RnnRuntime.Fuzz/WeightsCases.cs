using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using PureHDF;
using RnnRuntime.Tests.Import;

namespace RnnRuntime.Fuzz;

/// <summary>Files that hold weights only.</summary>
internal static class WeightsCases
{
    private const int SmallFile = 8_000;

    private static readonly (string Name, int[] Shape)[] Lstm = [("weight_ih_l0", [12, 2]), ("weight_hh_l0", [12, 3]), ("bias_ih_l0", [12]), ("bias_hh_l0", [12])];

    private static readonly (string Name, int[] Shape)[] Language =
        [("emb.weight", [5, 2]), ("gru.weight_ih_l0", [6, 2]), ("gru.weight_hh_l0", [6, 2]), ("gru.bias_ih_l0", [6]), ("gru.bias_hh_l0", [6]), ("out.weight", [5, 2]), ("out.bias", [5])];

    private static readonly (string Name, int[] Shape)[] Cell = [("weight_ih", [4, 1]), ("weight_hh", [4, 1])];

    public static FuzzCase[] Zips(string? models) =>
    [
        .. new[] { Lstm, Language, Cell }.Select((tensors, index) => Case($"zip {index}", Pickle(tensors).Zip(Storages(tensors, "data/")))),
        .. SharedFiles.Small(models, "torch", "*.pt", SmallFile).Where(file => IsZip(file.File)),
    ];

    public static FuzzCase[] Legacy(string? models) =>
    [
        .. new[] { Lstm, Language, Cell }.Select((tensors, index) => Case($"legacy {index}", Pickle(tensors).Legacy(sizeof(float), Storages(tensors, "")))),
        .. SharedFiles.Small(models, "torch", "*.pt", SmallFile).Where(file => !IsZip(file.File)),
    ];

    public static FuzzCase[] Safetensors(string? models) =>
    [
        .. new[] { Lstm, Language, Cell }.Select((tensors, index) => Case($"safetensors {index}", Safetensors(tensors))),
        .. SharedFiles.Small(models, "torch", "*.safetensors", SmallFile),
    ];

    /// <summary>One with the groups that h5py makes, and some with those of newer libraries.</summary>
    public static FuzzCase[] Hdf5()
    {
        using var stream = typeof(WeightsCases).Assembly.GetManifestResourceStream("fuzz.keras.h5")!;
        var old = new byte[stream.Length];
        stream.ReadExactly(old);
        var keras2 = new H5File
        {
            ["model_weights"] = new H5Group
            {
                ["lstm"] = new H5Group { ["lstm_cell"] = new H5Group { ["kernel:0"] = Matrix(2, 4), ["recurrent_kernel:0"] = Matrix(1, 4), ["bias:0"] = new float[4] } },
            },
            Attributes = new() { ["model_config"] = "{\"class_name\": \"Sequential\"}" },
        };
        var gru = new H5File
        {
            ["gru"] = new H5Group { ["kernel"] = Matrix(2, 6), ["recurrent_kernel"] = Matrix(2, 6), ["bias"] = Matrix(2, 6) },
        };
        return [Case("h5py", old), Case("keras 2", Write(keras2)), Case("gru", Write(gru))];
    }

    public static byte[] Safetensors((string Name, int[] Shape)[] tensors)
    {
        var header = new StringBuilder("{");
        var data = new MemoryStream();
        foreach (var (name, shape) in tensors)
        {
            var start = data.Length;
            data.Write(Floats(Count(shape)));
            header.Append(header.Length > 1 ? "," : "").Append($"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{start},{data.Length}]}}");
        }

        var text = Encoding.UTF8.GetBytes(header.Append('}').ToString());
        var file = new byte[sizeof(long) + text.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, sizeof(long));
        data.ToArray().CopyTo(file, sizeof(long) + text.Length);
        return file;
    }

    private static PickleWriter Pickle((string Name, int[] Shape)[] tensors)
    {
        var pickle = new PickleWriter().EmptyOrderedDict().Op('(');
        for (var i = 0; i < tensors.Length; i++)
        {
            var (name, shape) = tensors[i];
            long[] extents = [.. shape.Select(extent => (long)extent)];
            var strides = new long[shape.Length];
            var stride = 1L;
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                strides[axis] = stride;
                stride *= shape[axis];
            }

            pickle.Text(name).Tensor("FloatStorage", $"{i}", stride, 0, extents, strides);
        }

        return pickle.Op('u');
    }

    private static (string Key, byte[] Data)[] Storages((string Name, int[] Shape)[] tensors, string prefix) =>
        [.. tensors.Select((tensor, index) => ($"{prefix}{index}", Floats(Count(tensor.Shape))))];

    private static bool IsZip(byte[] file) => file.AsSpan().StartsWith("PK"u8);

    private static FuzzCase Case(string name, byte[] file) => new(name, file, FuzzLimits.Options);

    private static byte[] Write(H5File file)
    {
        using var stream = new MemoryStream();
        file.Write(stream);
        return stream.ToArray();
    }

    private static float[,] Matrix(int rows, int columns)
    {
        var matrix = new float[rows, columns];
        for (var i = 0; i < matrix.Length; i++)
        {
            matrix[i / columns, i % columns] = (i % 7 * 0.25f) - 0.75f;
        }

        return matrix;
    }

    private static int Count(int[] shape) => shape.Aggregate(1, (product, extent) => product * extent);

    private static byte[] Floats(int count) =>
        MemoryMarshal.AsBytes<float>(Enumerable.Range(0, count).Select(i => (i % 9 * 0.25f) - 1).ToArray()).ToArray();
}
