using System.Globalization;
using PureHDF;
using PureHDF.VOL.Native;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>An object of a group. <paramref name="Type"/> is a data set's, null where its values are none that can be read.</summary>
internal sealed record Hdf5Child(string Name, IH5Object Object, ElementType? Type);

/// <summary>Reads every data set below the weights group of an HDF5 file.</summary>
internal sealed class Hdf5Walk(Hdf5GuardStream stream, RnnImportLimits limits)
{
    private readonly TensorCollector _collector = new("keras", limits);
    private readonly Dictionary<string, string[]> _weightNames = new(StringComparer.Ordinal);
    private string[] _layerNames = [];
    private long _valueBytesLeft = stream.Length;
    private int _objects;

    public List<Hdf5Child> Children(IH5Group group)
    {
        var children = new List<Hdf5Child>();
        using var objects = group.Children().GetEnumerator();
        while (true)
        {
            stream.BeginObject();
            if (!objects.MoveNext())
            {
                break;
            }

            var name = objects.Current.Name;
            if (name.Length is 0 or > TensorCollector.MaximumNameLength || name.Contains('/'))
            {
                throw new RnnImportException("HDF5 group", $"an object named '{TensorCollector.Shorten(name)}'", $"1 to {TensorCollector.MaximumNameLength} characters without '/'");
            }

            if (++_objects > limits.MaximumNodes)
            {
                throw new RnnImportException("HDF5 file", "more objects", TensorCollector.LimitAdvice(nameof(RnnImportLimits.MaximumNodes), limits.MaximumNodes));
            }

            children.Add(new(name, objects.Current, objects.Current is IH5Dataset set ? Hdf5Types.Find(set.Type, stream) : null));
        }

        return children;
    }

    public NamedTensors ReadWeights(IH5Group group, IReadOnlyList<Hdf5Child> children)
    {
        _layerNames = ReadNames(group, "layer_names");
        Enter(children, "", 1);
        return _collector.ToNamedTensors(OrderOfLayers());
    }

    private void Enter(IReadOnlyList<Hdf5Child> children, string path, int depth)
    {
        if (depth > limits.MaximumNesting)
        {
            throw new RnnImportException("HDF5 file", "groups in groups", TensorCollector.LimitAdvice(nameof(RnnImportLimits.MaximumNesting), limits.MaximumNesting));
        }

        foreach (var child in children)
        {
            var childPath = path + child.Name;
            switch (child.Object)
            {
                case NativeDataset data:
                    ReadDataset(childPath, data, child.Type);
                    break;
                case IH5Group group:
                    if (depth == 1)
                    {
                        _weightNames[child.Name] = ReadNames(group, "weight_names");
                    }

                    Enter(Children(group), childPath + "/", depth + 1);
                    break;
                default:
                    throw new RnnImportException($"HDF5 object '{TensorCollector.Shorten(childPath)}'", child.Object.GetType().Name, "a group or a data set");
            }
        }
    }

    private void ReadDataset(string path, NativeDataset data, ElementType? type)
    {
        var location = TensorCollector.Describe(path);
        if (type is not { } known)
        {
            throw new RnnImportException(location, $"values of class {data.Type.Class} and {data.Type.Size} bytes", "IEEE floats of 2, 4 or 8 bytes or integers, little-endian");
        }

        if (data.Layout.Class is not (H5DataLayoutClass.Contiguous or H5DataLayoutClass.Compact))
        {
            throw new RnnImportException(location, $"the layout {data.Layout.Class}", "Contiguous or Compact; write the file without chunks and compression");
        }

        if (data.Space.Type is not (H5DataspaceType.Simple or H5DataspaceType.Scalar))
        {
            throw new RnnImportException(location, $"a data space of type {data.Space.Type}", "Simple or Scalar");
        }

        var extents = data.Space.Dimensions;
        var shape = new long[extents.Length];
        for (var axis = 0; axis < shape.Length; axis++)
        {
            shape[axis] = extents[axis] <= int.MaxValue ? (long)extents[axis] : throw new RnnImportException(location, $"an extent of {extents[axis]}", $"at most {int.MaxValue}");
        }

        var length = _collector.Reserve(path, known, shape);
        _valueBytesLeft -= length;
        if (_valueBytesLeft < 0)
        {
            throw new RnnImportException(location, $"{length} bytes", "data sets that fit the file together");
        }

        var values = new byte[length];
        if (length > 0)
        {
            stream.ReadValues(length, () => data.Read<byte>(values));
        }

        _collector.Add(path, known, shape, values);
    }

    /// <summary>A list of names, which Keras splits into <c>NAME0</c>, <c>NAME1</c>... where it is too long for one attribute.</summary>
    private string[] ReadNames(IH5Group group, string name)
    {
        if (group.AttributeExists(name))
        {
            return Hdf5Text.ReadList(group.Attribute(name));
        }

        var names = new List<string>();
        for (var part = 0; group.AttributeExists(name + part.ToString(CultureInfo.InvariantCulture)); part++)
        {
            names.AddRange(Hdf5Text.ReadList(group.Attribute(name + part.ToString(CultureInfo.InvariantCulture))));
            if (names.Count > limits.MaximumTensors)
            {
                throw new RnnImportException($"HDF5 attribute '{name}'", $"{names.Count} names", TensorCollector.LimitAdvice(nameof(RnnImportLimits.MaximumTensors), limits.MaximumTensors));
            }
        }

        return [.. names];
    }

    private IEnumerable<string> OrderOfLayers()
    {
        foreach (var layer in _layerNames)
        {
            foreach (var weight in _weightNames.GetValueOrDefault(layer, []))
            {
                yield return $"{layer}/{weight}";
            }
        }
    }
}
