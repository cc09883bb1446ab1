using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <content>Convolutions over whole tensors.</content>
internal sealed unsafe partial class PlanBuilder
{
    /// <summary>Floats of a block's windows or results: half of a small second-level cache.</summary>
    private const int ConvBlockElements = 32 * 1024;

    /// <summary>A multiple of every variant's tile, and the fewest positions that a block has where there are as many.</summary>
    private const int ConvTiles = 24;
    private const int SmallestConvBlock = Panels.MaximumTileVectors;

    private void Lower(ConvNode node)
    {
        var (geometry, weights) = ConvGeometry.Of(node);
        var (x, y) = (FramesOf(node.Input), FramesOf(node.Output));
        if (geometry.IsDepthwise)
        {
            var bias = _packer.Vector(node.Bias, [.. Enumerable.Range(0, geometry.Filters)]);
            _steps.Add(new DepthwiseConvStep(node.Name, _variant, geometry, (nint)_packer.Transposed(weights), (nint)bias, x, y));
            return;
        }

        var lanes = ConvLanes(geometry);
        var matrices = new PackedMatrix[geometry.Groups];
        var biases = new nint[geometry.Groups];
        for (var group = 0; group < geometry.Groups; group++)
        {
            int[] rows = [.. lanes.Select(lane => lane < 0 ? -1 : lane + (group * geometry.GroupFilters))];
            matrices[group] = _packer.Matrix(weights, rows);
            biases[group] = (nint)_packer.Vector(node.Bias, rows);
        }

        // A row of which there are only a few windows is better gathered together with its neighbours.
        var contiguous = geometry.HasContiguousWindows && (geometry.Rows == 1 || geometry.Inner.Output >= SmallestConvBlock)
            && (!geometry.Inner.IsPadded || (geometry.Groups == 1 && PaddedElements(geometry) <= (2L * x.Elements) + ConvBlockElements));
        var single = geometry.Positions == 1 && geometry.Groups == 1 && y.Parent is null && y.Stride >= lanes.Length;
        var direct = single || lanes.Length == geometry.GroupFilters;
        var acrossFrames = contiguous && direct && geometry.Positions < SmallestConvBlock;
        var block = ConvBlock(Math.Max(geometry.Columns, lanes.Length), geometry.Positions);
        var product = new ConvProduct(
            [.. matrices], [.. biases], geometry.GroupFilters, block,
            acrossFrames || lanes.Length == geometry.GroupFilters ? null : NewBuffer($"{node.Name}.lanes", BufferKind.Scratch, checked(block * lanes.Length)),
            acrossFrames ? ScratchFor(node.Name, geometry.Positions, matrices) : ScratchFor(node.Name, block, BufferKind.Scratch, matrices));
        if (!contiguous)
        {
            var columns = NewBuffer($"{node.Name}.columns", BufferKind.Scratch, checked(block * geometry.Columns));
            _steps.Add(new GatherConvStep(node.Name, _variant, geometry, product, x, y, columns));
            return;
        }

        var padded = geometry.Inner.IsPadded
            ? NewBuffer($"{node.Name}.padded", acrossFrames ? BufferKind.Frames : BufferKind.Scratch, checked((int)PaddedElements(geometry)))
            : null;
        _steps.Add(new ContiguousConvStep(node.Name, _variant, geometry, product, acrossFrames, x, y, padded));
    }

    private static long PaddedElements(ConvGeometry geometry) => geometry.Rows * geometry.Inner.Reach * geometry.Channels;

    /// <summary>
    /// Rows of a group, padded to a multiple of 8; or of 32, the width of the widest tile, where a last panel of 8 lanes would cost as many cycles
    /// as one of 32 for each of several positions.
    /// </summary>
    private static int[] ConvLanes(ConvGeometry geometry)
    {
        var lanes = Packer.PlainLanes(geometry.GroupFilters);
        if (geometry.Groups > 1 || geometry.Positions < 4 || lanes.Length < 32 || lanes.Length % 16 == 0)
        {
            return lanes;
        }

        return [.. lanes, .. Enumerable.Repeat(-1, 32 - (lanes.Length % 32))];
    }

    private static int ConvBlock(int elements, int positions)
    {
        var block = ConvBlockElements / elements;
        return Math.Min(positions, block >= ConvTiles ? block / ConvTiles * ConvTiles : SmallestConvBlock);
    }
}
