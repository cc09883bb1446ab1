using PureHDF;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// Keras weights in HDF5: weights files, whole models (the group <c>model_weights</c>), and the layout of Keras 3 (<c>.weights.h5</c>), whose
/// group <c>optimizer</c> is no part of the model. Names are HDF5 paths below the weights group, in the order of <c>layer_names</c> and
/// <c>weight_names</c> where those say so, else in the order of the file.
/// </summary>
internal static class KerasFile
{
    private const string WeightsGroup = "model_weights";
    private const string OptimizerGroup = "optimizer";
    private static readonly string[] Keras3Groups = ["layers", "_layer_checkpoint_dependencies"];

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool Recognises(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    /// <summary>Reads the weights; <paramref name="modelConfig"/> is the JSON text of a whole model's topology.</summary>
    public static NamedTensors Read(ReadOnlyMemory<byte> file, RnnImportLimits limits, out string? modelConfig)
    {
        using var stream = new Hdf5GuardStream(file);
        var (tensors, config) = WeightsFile.Guarded("HDF5 file", "a Keras weights or model file", () =>
        {
            try
            {
                return ReadCore(stream, limits);
            }
            catch when (stream.Refusal is { } refusal)
            {
                throw new RnnImportException(refusal.Location, refusal.Found, refusal.Expected, refusal);
            }
        });
        modelConfig = config;
        return tensors;
    }

    private static (NamedTensors Tensors, string? Config) ReadCore(Hdf5GuardStream stream, RnnImportLimits limits)
    {
        stream.CheckSuperblock();
        using var root = H5File.Open(stream, leaveOpen: true);
        var walk = new Hdf5Walk(stream, limits);
        var config = root.AttributeExists("model_config") ? Hdf5Text.ReadScalar(root.Attribute("model_config")) : null;
        var children = walk.Children(root);
        NamedTensors tensors;
        if (children.Find(child => child.Name == WeightsGroup) is { Object: IH5Group weights })
        {
            tensors = walk.ReadWeights(weights, walk.Children(weights));
        }
        else
        {
            var isKeras3 = children.Exists(child => Keras3Groups.Contains(child.Name));
            tensors = walk.ReadWeights(root, isKeras3 ? children.FindAll(child => child.Name != OptimizerGroup) : children);
        }

        ThrowIfRefused(stream);
        return (tensors, config);
    }

    /// <summary>A refusal inside PureHDF may have been swallowed there.</summary>
    private static void ThrowIfRefused(Hdf5GuardStream stream)
    {
        if (stream.Refusal is { } refusal)
        {
            throw refusal;
        }
    }
}
