using PureHDF;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>Texts in attributes, with their declared sizes checked before they are read.</summary>
internal static class Hdf5Text
{
    /// <summary>An attribute message has a length of 16 bits.</summary>
    private const long MaximumAttributeBytes = 1 << 16;

    /// <summary>A text of fixed or variable length.</summary>
    public static string ReadScalar(IH5Attribute attribute)
    {
        var isText = attribute.Type.Class is H5DataTypeClass.String or H5DataTypeClass.VariableLength;
        return isText && Count(attribute) == 1
            ? attribute.Read<string>()
            : throw new RnnImportException($"HDF5 attribute '{TensorCollector.Shorten(attribute.Name)}'", $"{attribute.Type.Class}", "one text");
    }

    /// <summary>A list of texts of fixed length; empty where the attribute holds anything else, as an empty list is saved as numbers.</summary>
    public static string[] ReadList(IH5Attribute attribute) =>
        attribute.Type.Class == H5DataTypeClass.String && attribute.Space.Dimensions.Length == 1 && Count(attribute) > 0
            ? attribute.Read<string[]>()
            : [];

    private static long Count(IH5Attribute attribute)
    {
        var bytes = (UInt128)Math.Max(1, attribute.Type.Size);
        var count = 1UL;
        foreach (var extent in attribute.Space.Dimensions)
        {
            bytes *= extent;
            count = unchecked(count * extent);
            if (bytes > MaximumAttributeBytes)
            {
                break;
            }
        }

        return bytes <= MaximumAttributeBytes
            ? (long)count
            : throw new RnnImportException($"HDF5 attribute '{TensorCollector.Shorten(attribute.Name)}'", $"{bytes} bytes", $"at most {MaximumAttributeBytes}");
    }
}
