using System.Collections.Immutable;

namespace RnnRuntime.Import.Tensors;

/// <summary>What a weights-only file holds.</summary>
/// <param name="Format">The container: <c>safetensors</c>, <c>pytorch</c> or <c>keras</c>.</param>
/// <param name="Tensors">Tensors by their names in the file, in its order. Keras names are the HDF5 path below the weights group.</param>
internal sealed record NamedTensors(string Format, ImmutableArray<KeyValuePair<string, HostTensor>> Tensors);
